"""Readers of records: one adapter a format, all to the same frozen PatientRecord."""
