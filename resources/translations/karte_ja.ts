<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="ja_JP" sourcelanguage="en">
<context>
    <name>AnswerView</name>
    <message>
        <source>{tool}: not given. {why}</source>
        <translation>{tool}: 渡していません。{why}</translation>
    </message>
    <message>
        <source>{tool}: asked of this PC…</source>
        <translation>{tool}: この PC に問い合わせ中…</translation>
    </message>
    <message>
        <source>{tool}: received in {s} s</source>
        <translation>{tool}: 受け取りました（{s} 秒）</translation>
    </message>
    <message>
        <source>Emergency advice</source>
        <translation>緊急時の案内</translation>
    </message>
    <message>
        <source>Answer</source>
        <translation>回答</translation>
    </message>
    <message>
        <source>Stopped</source>
        <translation>停止しました</translation>
    </message>
</context>
<context>
    <name>ApprovalCard</name>
    <message>
        <source>{time} left, then not sent</source>
        <translation>残り {time}（過ぎると送信しません）</translation>
    </message>
    <message>
        <source>May this be sent?</source>
        <translation>この内容を送信してよいですか</translation>
    </message>
    <message>
        <source>{tool} to {to}, as {case}</source>
        <translation>{tool}&#x3000;宛先 {to}&#x3000;相談番号 {case}</translation>
    </message>
    <message>
        <source>Send once</source>
        <translation>今回だけ送る</translation>
    </message>
    <message>
        <source>Ctrl+Enter</source>
        <translation>Ctrl+Enter</translation>
    </message>
    <message>
        <source>Do not send</source>
        <translation>送信しない</translation>
    </message>
    <message>
        <source>Esc</source>
        <translation>Esc</translation>
    </message>
    <message>
        <source>Rare: this alone may point to one person. Send only if it is needed.</source>
        <translation>まれな内容です。これだけで個人が推測されるおそれがあります。必要な場合だけ送ってください。</translation>
    </message>
</context>
<context>
    <name>ChatView</name>
    <message>
        <source>Describe the symptoms. The agent asks this PC for background; you see every word before it is sent, and nothing is sent without your yes.</source>
        <translation>症状や相談内容を書いてください。AI が患者の背景をこの PC に問い合わせます。送る前に一字一句を確認でき、承認しない限り何も送信されません。</translation>
    </message>
    <message>
        <source>Not a diagnosis. The decision is the doctor&apos;s.</source>
        <translation>診断ではありません。最終判断は医師が行ってください。</translation>
    </message>
</context>
<context>
    <name>Composer</name>
    <message>
        <source>Symptoms or question, without names or numbers</source>
        <translation>症状や質問（氏名や番号は書かないでください）</translation>
    </message>
    <message>
        <source>Message to the agent</source>
        <translation>AI への相談文</translation>
    </message>
    <message>
        <source>Ask</source>
        <translation>相談する</translation>
    </message>
    <message>
        <source>Enter sends, Shift+Enter starts a new line</source>
        <translation>Enter で送信、Shift+Enter で改行</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
</context>
<context>
    <name>DoctorMessage</name>
    <message>
        <source>Your message</source>
        <translation>医師の相談文</translation>
    </message>
</context>
<context>
    <name>FieldModel</name>
    <message>
        <source>Field</source>
        <translation>項目</translation>
    </message>
    <message>
        <source>On this PC</source>
        <translation>この PC での値</translation>
    </message>
    <message>
        <source>What is sent</source>
        <translation>送る内容</translation>
    </message>
    <message>
        <source>What becomes of it</source>
        <translation>扱い</translation>
    </message>
</context>
<context>
    <name>FindingBanner</name>
    <message>
        <source>Not sent: your message would identify somebody</source>
        <translation>送信していません: 個人を特定できる語があります</translation>
    </message>
    <message>
        <source>Replace</source>
        <translation>置き換える</translation>
    </message>
    <message>
        <source>Puts neutral words in; you can still edit them</source>
        <translation>一般的な語に置き換えます。そのあとも編集できます</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>やめる</translation>
    </message>
</context>
<context>
    <name>FlowView</name>
    <message>
        <source>This PC</source>
        <translation>この PC</translation>
    </message>
    <message>
        <source>Gate</source>
        <translation>関門</translation>
    </message>
    <message>
        <source>Queue</source>
        <translation>キュー</translation>
    </message>
    <message>
        <source>Agent</source>
        <translation>AI</translation>
    </message>
    <message>
        <source>failed</source>
        <translation>失敗</translation>
    </message>
    <message>
        <source>{n} waiting</source>
        <translation>確認待ち {n}</translation>
    </message>
    <message>
        <source>{n} moving</source>
        <translation>{n} 件</translation>
    </message>
    <message>
        <source>idle</source>
        <translation>待機</translation>
    </message>
    <message>
        <source>The way out of this computer</source>
        <translation>この PC から出る経路</translation>
    </message>
</context>
<context>
    <name>Labels</name>
    <message>
        <source>Stays here</source>
        <translation>この PC に残る</translation>
    </message>
    <message>
        <source>Generalised</source>
        <translation>一般化して送る</translation>
    </message>
    <message>
        <source>Leaves</source>
        <translation>送る</translation>
    </message>
    <message>
        <source>Not sent: not a term of the clinical vocabulary</source>
        <translation>送りません: 用語表にない語</translation>
    </message>
    <message>
        <source>Not sent: not a current condition</source>
        <translation>送りません: 現在の病態ではない</translation>
    </message>
    <message>
        <source>Not sent: beyond the limit</source>
        <translation>送りません: 件数の上限</translation>
    </message>
    <message>
        <source>Not sent: failed the last check</source>
        <translation>送りません: 最終検査で除外</translation>
    </message>
    <message>
        <source>Sent</source>
        <translation>送信</translation>
    </message>
    <message>
        <source>Not sent: you refused</source>
        <translation>送信しませんでした（医師が拒否）</translation>
    </message>
    <message>
        <source>Sent once</source>
        <translation>今回だけ送信しました</translation>
    </message>
    <message>
        <source>Not sent: a rule refused</source>
        <translation>送信しませんでした（規則により）</translation>
    </message>
    <message>
        <source>Not sent: nobody answered in time</source>
        <translation>送信しませんでした（時間切れ）</translation>
    </message>
    <message>
        <source>starting</source>
        <translation>準備中</translation>
    </message>
    <message>
        <source>ready</source>
        <translation>準備完了</translation>
    </message>
    <message>
        <source>queue unreachable</source>
        <translation>キューに接続できません</translation>
    </message>
    <message>
        <source>access denied</source>
        <translation>拒否されました</translation>
    </message>
    <message>
        <source>stopped</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>a patient&apos;s name</source>
        <translation>患者の氏名</translation>
    </message>
    <message>
        <source>a patient&apos;s name in kana</source>
        <translation>患者のかな氏名</translation>
    </message>
    <message>
        <source>a date of birth</source>
        <translation>生年月日</translation>
    </message>
    <message>
        <source>an address</source>
        <translation>住所</translation>
    </message>
    <message>
        <source>a phone number</source>
        <translation>電話番号</translation>
    </message>
    <message>
        <source>an e-mail address</source>
        <translation>メールアドレス</translation>
    </message>
    <message>
        <source>a patient ID</source>
        <translation>患者 ID</translation>
    </message>
    <message>
        <source>a contact person</source>
        <translation>連絡先の人名</translation>
    </message>
    <message>
        <source>a clinic</source>
        <translation>医療機関名</translation>
    </message>
    <message>
        <source>a doctor&apos;s name</source>
        <translation>医師名</translation>
    </message>
    <message>
        <source>a licence number</source>
        <translation>免許番号</translation>
    </message>
    <message>
        <source>a number that identifies somebody</source>
        <translation>個人を特定する番号</translation>
    </message>
    <message>
        <source>a date</source>
        <translation>日付</translation>
    </message>
    <message>
        <source>an exact age</source>
        <translation>正確な年齢</translation>
    </message>
    <message>
        <source>a postal code</source>
        <translation>郵便番号</translation>
    </message>
    <message>
        <source>a web address</source>
        <translation>URL</translation>
    </message>
    <message>
        <source>an individual number (My Number)</source>
        <translation>マイナンバー</translation>
    </message>
    <message>
        <source>an insurance number</source>
        <translation>保険証の番号</translation>
    </message>
    <message>
        <source>a long number</source>
        <translation>長い番号</translation>
    </message>
    <message>
        <source>Not sent</source>
        <translation>送信せず</translation>
    </message>
    <message>
        <source>Demo: answers by rules</source>
        <translation>デモ（規則による回答）</translation>
    </message>
    <message>
        <source>the demo inside this PC</source>
        <translation>この PC の中（デモ）</translation>
    </message>
    <message>
        <source>Your message</source>
        <translation>医師の相談文</translation>
    </message>
    <message>
        <source>Patient background</source>
        <translation>患者の背景</translation>
    </message>
    <message>
        <source>Age group</source>
        <translation>年代</translation>
    </message>
    <message>
        <source>Conditions</source>
        <translation>持病</translation>
    </message>
    <message>
        <source>Allergies</source>
        <translation>アレルギー</translation>
    </message>
    <message>
        <source>Medicines</source>
        <translation>服用薬</translation>
    </message>
    <message>
        <source>Related history</source>
        <translation>関連する既往</translation>
    </message>
    <message>
        <source>Possible interactions</source>
        <translation>相互作用の可能性</translation>
    </message>
    <message>
        <source>Risk factors</source>
        <translation>リスク因子</translation>
    </message>
    <message>
        <source>Points to check</source>
        <translation>確認事項</translation>
    </message>
    <message>
        <source>Patient</source>
        <translation>患者</translation>
    </message>
    <message>
        <source>Clinic</source>
        <translation>医療機関</translation>
    </message>
    <message>
        <source>Chief complaint</source>
        <translation>主訴</translation>
    </message>
    <message>
        <source>Vital signs</source>
        <translation>バイタルサイン</translation>
    </message>
    <message>
        <source>Medical history</source>
        <translation>既往歴</translation>
    </message>
    <message>
        <source>Laboratory</source>
        <translation>検査</translation>
    </message>
    <message>
        <source>Clinical notes</source>
        <translation>診療メモ</translation>
    </message>
    <message>
        <source>Check-ups</source>
        <translation>健診</translation>
    </message>
    <message>
        <source>Trends</source>
        <translation>推移</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>氏名</translation>
    </message>
    <message>
        <source>Kana</source>
        <translation>かな</translation>
    </message>
    <message>
        <source>Date of birth</source>
        <translation>生年月日</translation>
    </message>
    <message>
        <source>Age</source>
        <translation>年齢</translation>
    </message>
    <message>
        <source>Sex</source>
        <translation>性別</translation>
    </message>
    <message>
        <source>Address</source>
        <translation>住所</translation>
    </message>
    <message>
        <source>Phone</source>
        <translation>電話</translation>
    </message>
    <message>
        <source>E-mail</source>
        <translation>メール</translation>
    </message>
    <message>
        <source>Patient ID</source>
        <translation>患者 ID</translation>
    </message>
    <message>
        <source>Emergency contact</source>
        <translation>緊急連絡先</translation>
    </message>
    <message>
        <source>Relationship</source>
        <translation>続柄</translation>
    </message>
    <message>
        <source>Facility</source>
        <translation>施設名</translation>
    </message>
    <message>
        <source>Doctor</source>
        <translation>医師</translation>
    </message>
    <message>
        <source>Licence number</source>
        <translation>免許番号</translation>
    </message>
    <message>
        <source>Condition</source>
        <translation>病名</translation>
    </message>
    <message>
        <source>Diagnosed</source>
        <translation>診断日</translation>
    </message>
    <message>
        <source>Status</source>
        <translation>状態</translation>
    </message>
    <message>
        <source>Treatment</source>
        <translation>治療</translation>
    </message>
    <message>
        <source>Notes</source>
        <translation>メモ</translation>
    </message>
    <message>
        <source>Value</source>
        <translation>値</translation>
    </message>
    <message>
        <source>Unit</source>
        <translation>単位</translation>
    </message>
    <message>
        <source>Flag</source>
        <translation>判定</translation>
    </message>
    <message>
        <source>Date</source>
        <translation>日付</translation>
    </message>
    <message>
        <source>Blood pressure</source>
        <translation>血圧</translation>
    </message>
    <message>
        <source>Heart rate</source>
        <translation>脈拍</translation>
    </message>
    <message>
        <source>Temperature</source>
        <translation>体温</translation>
    </message>
    <message>
        <source>Weight</source>
        <translation>体重</translation>
    </message>
    <message>
        <source>Height</source>
        <translation>身長</translation>
    </message>
    <message>
        <source>Substance</source>
        <translation>物質</translation>
    </message>
    <message>
        <source>Reaction</source>
        <translation>反応</translation>
    </message>
    <message>
        <source>Dose</source>
        <translation>用量</translation>
    </message>
    <message>
        <source>Frequency</source>
        <translation>用法</translation>
    </message>
    <message>
        <source>Postal code</source>
        <translation>郵便番号</translation>
    </message>
    <message>
        <source>Prefecture</source>
        <translation>都道府県</translation>
    </message>
    <message>
        <source>City</source>
        <translation>市区町村</translation>
    </message>
    <message>
        <source>Street</source>
        <translation>町名・番地</translation>
    </message>
    <message>
        <source>Electrolytes and kidney</source>
        <translation>電解質・腎機能</translation>
    </message>
    <message>
        <source>Coagulation</source>
        <translation>凝固</translation>
    </message>
    <message>
        <source>Inflammation</source>
        <translation>炎症</translation>
    </message>
    <message>
        <source>Fasting glucose</source>
        <translation>空腹時血糖</translation>
    </message>
    <message>
        <source>LDL cholesterol</source>
        <translation>LDL コレステロール</translation>
    </message>
    <message>
        <source>Free T4</source>
        <translation>遊離 T4</translation>
    </message>
    <message>
        <source>TRAb</source>
        <translation>TRAb</translation>
    </message>
    <message>
        <source>systolic</source>
        <translation>収縮期</translation>
    </message>
    <message>
        <source>diastolic</source>
        <translation>拡張期</translation>
    </message>
    <message>
        <source>Pulse</source>
        <translation>脈拍</translation>
    </message>
    <message>
        <source>SpO2</source>
        <translation>SpO2</translation>
    </message>
    <message>
        <source>Respiratory rate</source>
        <translation>呼吸数</translation>
    </message>
    <message>
        <source>BMI</source>
        <translation>BMI</translation>
    </message>
    <message>
        <source>Trend</source>
        <translation>推移</translation>
    </message>
    <message>
        <source>Overall assessment</source>
        <translation>総合評価</translation>
    </message>
    <message>
        <source>Thyroid function</source>
        <translation>甲状腺機能</translation>
    </message>
    <message>
        <source>Liver function</source>
        <translation>肝機能</translation>
    </message>
    <message>
        <source>Kidney function</source>
        <translation>腎機能</translation>
    </message>
    <message>
        <source>Blood count</source>
        <translation>血算</translation>
    </message>
    <message>
        <source>Glucose</source>
        <translation>血糖</translation>
    </message>
    <message>
        <source>Lipids</source>
        <translation>脂質</translation>
    </message>
    <message>
        <source>Electrolytes</source>
        <translation>電解質</translation>
    </message>
    <message>
        <source>TSH</source>
        <translation>TSH</translation>
    </message>
    <message>
        <source>Allergen</source>
        <translation>アレルゲン</translation>
    </message>
    <message>
        <source>Severity</source>
        <translation>重症度</translation>
    </message>
    <message>
        <source>Family history</source>
        <translation>家族歴</translation>
    </message>
    <message>
        <source>Social history</source>
        <translation>生活歴</translation>
    </message>
    <message>
        <source>Test</source>
        <translation>検査項目</translation>
    </message>
</context>
<context>
    <name>LeavingDock</name>
    <message>
        <source>Leaving this computer</source>
        <translation>この PC から出るもの</translation>
    </message>
    <message>
        <source>Waiting for you: {n}</source>
        <translation>確認待ち: {n} 件</translation>
    </message>
    <message>
        <source>Last things that left or were refused</source>
        <translation>送信台帳（新しい順）</translation>
    </message>
    <message>
        <source>Ledger, newest first</source>
        <translation>送信台帳、新しい順</translation>
    </message>
    <message>
        <source>Nothing has left this PC.</source>
        <translation>まだ何も出ていません。</translation>
    </message>
    <message>
        <source>Check the ledger</source>
        <translation>台帳を検証</translation>
    </message>
    <message>
        <source>Recompute the chain of all rows</source>
        <translation>すべての行の鎖を計算し直します</translation>
    </message>
    <message>
        <source>Unaltered, rows: {n}</source>
        <translation>改変なし（{n} 行）</translation>
    </message>
    <message>
        <source>Altered from row {n}</source>
        <translation>{n} 行目から改変されています</translation>
    </message>
</context>
<context>
    <name>Notice</name>
    <message>
        <source>Close this notice</source>
        <translation>この知らせを閉じる</translation>
    </message>
</context>
<context>
    <name>PatientPanel</name>
    <message>
        <source>Patients: {n}</source>
        <translation>{n} 人</translation>
    </message>
    <message>
        <source>There is no record in the folder.</source>
        <translation>フォルダーにカルテがありません。</translation>
    </message>
    <message>
        <source>Patients</source>
        <translation>患者</translation>
    </message>
    <message>
        <source>Name, kana or ID</source>
        <translation>氏名・かな・ID</translation>
    </message>
    <message>
        <source>Search for a patient by name, kana or ID</source>
        <translation>患者を氏名・かな・ID で検索</translation>
    </message>
    <message>
        <source>Search</source>
        <translation>検索</translation>
    </message>
    <message>
        <source>Clear the search</source>
        <translation>検索を消す</translation>
    </message>
    <message>
        <source>Ctrl+K</source>
        <translation>Ctrl+K</translation>
    </message>
    <message>
        <source>Read the records again</source>
        <translation>カルテを読み直す</translation>
    </message>
    <message>
        <source>Read the records again (F5)</source>
        <translation>カルテを読み直す（F5）</translation>
    </message>
    <message>
        <source>No patient matches.</source>
        <translation>該当する患者がいません。</translation>
    </message>
</context>
<context>
    <name>PayloadTable</name>
    <message>
        <source>What is sent</source>
        <translation>送る内容</translation>
    </message>
    <message>
        <source>From the record on this PC</source>
        <translation>元の記載（この PC のカルテ）</translation>
    </message>
    <message>
        <source>A fixed sentence, not from the record</source>
        <translation>定型文（カルテの記載ではありません）</translation>
    </message>
    <message>
        <source>What is sent, and from which fields</source>
        <translation>送る内容と元の項目</translation>
    </message>
</context>
<context>
    <name>PayloadView</name>
    <message>
        <source>{n} bytes</source>
        <translation>{n} バイト</translation>
    </message>
    <message>
        <source>Held back: {n}</source>
        <translation>送らなかった候補: {n} 件</translation>
    </message>
    <message>
        <source>Exactly this text is sent</source>
        <translation>実際に送信される全文</translation>
    </message>
    <message>
        <source>The exact text that is sent</source>
        <translation>実際に送信される全文</translation>
    </message>
</context>
<context>
    <name>PreviewView</name>
    <message>
        <source>The summary is being made on this PC…</source>
        <translation>この PC で要約を作成しています…</translation>
    </message>
    <message>
        <source>The gate lets nothing of this record leave. Reasons: {reasons}</source>
        <translation>関門がこのカルテの送信を止めています。理由: {reasons}</translation>
    </message>
    <message>
        <source>Nothing has been sent. This would be sent, after your yes, if the agent asked now; the symptoms of a consultation can add to it.</source>
        <translation>まだ何も送信していません。いま AI が問い合わせると、承認後に次の内容を送ります。相談の症状によって項目が加わることがあります。</translation>
    </message>
</context>
<context>
    <name>Problems</name>
    <message>
        <source>Not read: {n}</source>
        <translation>読めない項目: {n}</translation>
    </message>
    <message>
        <source>Record files that were not read</source>
        <translation>読めなかったカルテのファイルと項目</translation>
    </message>
</context>
<context>
    <name>RecordView</name>
    <message>
        <source>All {n}</source>
        <translation>すべて {n}</translation>
    </message>
    <message>
        <source>Filter fields and values</source>
        <translation>項目・値で絞り込む</translation>
    </message>
    <message>
        <source>Clear the filter</source>
        <translation>絞り込みを消す</translation>
    </message>
    <message>
        <source>Filter by what becomes of a field</source>
        <translation>扱いで絞り込む</translation>
    </message>
    <message>
        <source>Record, field by field</source>
        <translation>カルテの全項目</translation>
    </message>
    <message>
        <source>Columns of the record</source>
        <translation>カルテの列</translation>
    </message>
</context>
<context>
    <name>StartPage</name>
    <message>
        <source>Karte Bridge cannot start</source>
        <translation>Karte Bridge を開始できません</translation>
    </message>
    <message>
        <source>Getting ready…</source>
        <translation>準備しています…</translation>
    </message>
    <message>
        <source>The bridge and the records are being opened.</source>
        <translation>橋渡しとカルテを開いています。</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>もう一度試す</translation>
    </message>
    <message>
        <source>Quit</source>
        <translation>終了</translation>
    </message>
</context>
<context>
    <name>StatusBar</name>
    <message>
        <source>Bridge: ready</source>
        <translation>橋渡し: 準備完了</translation>
    </message>
    <message>
        <source>Bridge: serving side {listener}, calling side {caller}</source>
        <translation>橋渡し: 応答側 {listener}、呼び出し側 {caller}</translation>
    </message>
    <message>
        <source>Agent: {name}</source>
        <translation>AI: {name}</translation>
    </message>
    <message>
        <source>Ledger rows: {n}</source>
        <translation>送信台帳: {n} 行</translation>
    </message>
</context>
<context>
    <name>TopBar</name>
    <message>
        <source>DEMO</source>
        <translation>デモ</translation>
    </message>
    <message>
        <source>Sample answers by rules. Nothing leaves this PC.</source>
        <translation>規則で作る見本の回答です。この PC から何も出ません。</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>言語</translation>
    </message>
    <message>
        <source>Colours</source>
        <translation>配色</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>明るい</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>暗い</translation>
    </message>
    <message>
        <source>Like the system</source>
        <translation>OS に合わせる</translation>
    </message>
</context>
<context>
    <name>Workspace</name>
    <message>
        <source>The record is being read…</source>
        <translation>カルテを読み込んでいます…</translation>
    </message>
    <message>
        <source>Pages of this patient</source>
        <translation>この患者のページ</translation>
    </message>
    <message>
        <source>Record</source>
        <translation>カルテ</translation>
    </message>
    <message>
        <source>What would be sent</source>
        <translation>送信プレビュー</translation>
    </message>
    <message>
        <source>Consultation</source>
        <translation>相談</translation>
    </message>
    <message>
        <source>Choose a patient at the left.</source>
        <translation>左の一覧から患者を選んでください。</translation>
    </message>
    <message>
        <source>{n} years</source>
        <translation>{n} 歳</translation>
    </message>
    <message>
        <source>shown on this PC only</source>
        <translation>この PC にだけ表示</translation>
    </message>
</context>
</TS>
