"""Nothing identifying leaves: normalising, scanning, the gate, the guard."""
