"""Everything that happens by the clock: one line per task, with the rule it serves.

Moments that matter to a ticket are columns in the database; a task here only looks for rows whose moment has come. So a
missed run is made good by the next one, and nothing hangs on a message that waits in the broker.
"""

from celery.schedules import crontab

CELERY_BEAT_SCHEDULE = {
    # /healthz: beat and worker are alive as long as this keeps arriving.
    "hotline.heartbeat": {"task": "hotline.heartbeat", "schedule": 10.0},
    # docs/clocks.md 7: what has come due is written and announced.
    "hotline.sweep_clocks": {"task": "hotline.sweep_clocks", "schedule": 60.0},
    # docs/clocks.md 8: clocks counted in the seconds around the publication of a calendar.
    "hotline.recount_clocks": {
        "task": "hotline.recount_clocks",
        "schedule": crontab(minute=17),
    },
    # docs/clocks.md 5: an extension that nobody decided in time is refused.
    "tickets.lapse_extensions": {"task": "tickets.lapse_extensions", "schedule": 60.0},
    # docs/clocks.md 8: clocks that a new calendar moved and whose event a lost message left unwritten.
    "tickets.reconcile_clock_moves": {"task": "tickets.reconcile_clock_moves", "schedule": 600.0},
    # 10号 第五条: what was asked of a county's resource and has no outcome yet.
    "tickets.remind_mediations": {"task": "tickets.remind_mediations", "schedule": crontab(minute=12)},
    # 10号 第八条: what waits is proposed by the list that decides today, not by the one that decided when it came.
    "tickets.renew_proposals": {"task": "tickets.renew_proposals", "schedule": crontab(minute=2)},
    # docs/adr/0011: what people decided teaches the router; a model that is not worse takes its place. Figures of the page 派单质量.
    "responsibility.learn_routing": {"task": "responsibility.learn_routing", "schedule": crontab(hour=3, minute=30)},
    "responsibility.count_routing": {"task": "responsibility.count_routing", "schedule": crontab(hour=1, minute=40)},
    # 10号 第八条: 办结完毕没有异议的，纳入清单管理.
    "tickets.propose_items": {"task": "tickets.propose_items", "schedule": crontab(minute=27)},
    # 10号 第八条: versions that were changed are held against the saved cases before anybody judges them.
    "responsibility.run_stale_cases": {
        "task": "responsibility.run_stale_cases",
        "schedule": 60.0,
        "options": {"expires": 55},
    },
    # 10号 第八条: sheets of items that a killed worker or a lost message left neither compared nor written.
    "responsibility.resume_sheets": {
        "task": "responsibility.resume_sheets",
        "schedule": 60.0,
        "options": {"expires": 55},
    },
    # 10号 第八条: an item of which too much comes back is no longer dispatched by itself.
    "tickets.watch_automatic": {"task": "tickets.watch_automatic", "schedule": 600.0},
    # docs/architecture.md: who may see a ticket has one writer, and a checker every night.
    "tickets.check_scopes": {"task": "tickets.check_scopes", "schedule": crontab(hour=2, minute=10)},
    # Notices are kept for 90 days.
    "hotline.clear_old_notices": {"task": "hotline.clear_old_notices", "schedule": crontab(hour=3, minute=40)},
    # Follow-ups that a lost message left out, and tickets whose callers are all concluded (国办函〔2025〕66号: 回访).
    "evaluation.reconcile": {"task": "evaluation.reconcile", "schedule": 600.0},
    # Cards and reminders whose night is over reach people; what a lost message left out is written (Shandong 2017: 黄牌、红牌).
    "supervision.tell_people": {"task": "supervision.tell_people", "schedule": 60.0},
    "supervision.reconcile": {"task": "supervision.reconcile", "schedule": crontab(minute=42)},
    # Appeals whose clock, search entry or settled ticket a lost message missed.
    "channels_merge.reconcile": {
        "task": "channels_merge.reconcile",
        "schedule": 60.0,
        "options": {"expires": 55},
    },
    # Search finds by units: those of tickets that changed while no worker was there.
    "channels_merge.reconcile_scopes": {
        "task": "channels_merge.reconcile_scopes",
        "schedule": crontab(hour=2, minute=40),
    },
    # 赣市改字〔2025〕10号 2: channels end on their day, what is kept is filed again each year.
    "channels_merge.look_after_channels": {
        "task": "channels_merge.look_after_channels",
        "schedule": crontab(hour=8, minute=10),
    },
    # docs/lines.md: what other platforms sent or keep for us, what is to go to them and to citizens, and who is silent.
    "channels_merge.take_in_due": {
        "task": "channels_merge.take_in_due",
        "schedule": 30.0,
        "options": {"expires": 25},
    },
    "channels_merge.fetch_due": {"task": "channels_merge.fetch_due", "schedule": 60.0, "options": {"expires": 55}},
    "channels_merge.send_due": {"task": "channels_merge.send_due", "schedule": 20.0, "options": {"expires": 15}},
    "channels_merge.watch_lines": {"task": "channels_merge.watch_lines", "schedule": 600.0},
    "channels_merge.reconcile_line_reports": {
        "task": "channels_merge.reconcile_line_reports",
        "schedule": crontab(hour=2, minute=55),
    },
    # 赣市改字〔2025〕10号 3: what the petition office sent is held against our appeals, and what a lost message left out.
    "channels_merge.match_waiting_petitions": {
        "task": "channels_merge.match_waiting_petitions",
        "schedule": 60.0,
        "options": {"expires": 55},
    },
    "channels_merge.reconcile_petitions": {
        "task": "channels_merge.reconcile_petitions",
        "schedule": crontab(hour=3, minute=5),
    },
    # 国办函〔2025〕66号（四）漏接回拨: calls that a lost message left, and numbers that nobody called back in time.
    "channels_merge.look_after_calls": {
        "task": "channels_merge.look_after_calls",
        "schedule": 60.0,
        "options": {"expires": 55},
    },
    # 赣市改字〔2025〕10号 13 并单: what nobody held against the pool yet, pairs that are moot, switches with too many wrong merges.
    "channels_merge.look_after_merging": {
        "task": "channels_merge.look_after_merging",
        "schedule": 60.0,
        "options": {"expires": 55},
    },
    # 自动派单: new matters that a lost message left out.
    "channels_merge.dispatch_missed": {
        "task": "channels_merge.dispatch_missed",
        "schedule": 300.0,
        "options": {"expires": 290},
    },
    # One number many times a day with nothing new: a supervisor looks.
    "channels_merge.find_frequent_callers": {"task": "channels_merge.find_frequent_callers", "schedule": 600.0},
    # What people settled teaches the threshold of linking by itself; a person adopts it.
    "channels_merge.learn_threshold": {
        "task": "channels_merge.learn_threshold",
        "schedule": crontab(hour=4, minute=10),
    },
    # docs/adr/0008: new appeals go into the candidate index of merging, old ones leave it.
    "channels_merge.merge_postings": {
        "task": "channels_merge.merge_postings",
        "schedule": 60.0,
        "options": {"expires": 55},
    },
    "channels_merge.drop_postings": {"task": "channels_merge.drop_postings", "schedule": crontab(hour=3, minute=5)},
    # Drafts hold what a person said: they are kept for `draft_days` and no longer.
    "channels_merge.expire_drafts": {"task": "channels_merge.expire_drafts", "schedule": crontab(hour=3, minute=20)},
}
