"""Reads of the ticket room, by subject: `readiness` what stands in the way, `acts` what can be done, `lists`, `page`."""
