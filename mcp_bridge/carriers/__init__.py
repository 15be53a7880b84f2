"""What holds the queues: Azure Storage, an embedded SQLite file, or memory."""
