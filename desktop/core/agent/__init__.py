"""The agents that a doctor can consult: cloud, and demo."""
