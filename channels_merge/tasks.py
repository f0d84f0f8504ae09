from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from channels_merge import services
from channels_merge.services import automatic, merging, petition, repeats


@shared_task(name="channels_merge.follow_ticket")
def follow_ticket(*, event_id):
    services.follow_ticket(event_id=event_id)


@shared_task(name="channels_merge.reconcile")
def reconcile():
    return services.reconcile(at=timezone.now())


@shared_task(name="channels_merge.reconcile_scopes")
def reconcile_scopes():
    return services.reconcile_scopes(since=timezone.now() - timedelta(days=2))


@shared_task(name="channels_merge.look_after_channels")
def look_after_channels():
    return services.look_after_channels(at=timezone.now())


@shared_task(name="channels_merge.expire_drafts")
def expire_drafts():
    return services.expire_drafts(at=timezone.now())


@shared_task(name="channels_merge.tell_lines")
def tell_lines(*, event_id):
    return services.report_ticket_event(event_id=event_id)


@shared_task(name="channels_merge.take_in")
def take_in(*, inbound_id):
    return services.take_in(inbound_id=inbound_id, at=timezone.now())


@shared_task(name="channels_merge.take_in_due")
def take_in_due():
    return services.take_in_due(at=timezone.now())


@shared_task(name="channels_merge.fetch_due")
def fetch_due():
    return services.fetch_due(at=timezone.now())


@shared_task(name="channels_merge.send_due")
def send_due():
    run = services.send_due(at=timezone.now())
    return {"sent": run.sent, "failed": run.failed}


@shared_task(name="channels_merge.watch_lines")
def watch_lines():
    return services.watch_lines(at=timezone.now())


@shared_task(name="channels_merge.reconcile_line_reports")
def reconcile_line_reports():
    return services.reconcile_reports(since=timezone.now() - timedelta(days=2))


@shared_task(name="channels_merge.match_petitions")
def match_petitions(*, appeal_id):
    return petition.match_appeal(appeal_id=appeal_id, at=timezone.now())


@shared_task(name="channels_merge.match_waiting_petitions")
def match_waiting_petitions():
    return petition.match_waiting(at=timezone.now())


@shared_task(name="channels_merge.reconcile_petitions")
def reconcile_petitions():
    now = timezone.now()
    return petition.reconcile_petitions(since=now - timedelta(days=2), at=now)


@shared_task(name="channels_merge.settle_call")
def settle_call(*, call_id):
    services.settle_call(call_id=call_id, at=timezone.now())


@shared_task(name="channels_merge.look_after_calls")
def look_after_calls():
    at = timezone.now()
    services.settle_calls(at=at)
    return services.tell_of_late_missed_calls(at=at)


@shared_task(name="channels_merge.look_at")
def look_at(*, appeal_id):
    return merging.look_at(appeal_id=appeal_id, at=timezone.now())


@shared_task(name="channels_merge.dispatch_by_itself")
def dispatch_by_itself(*, ticket_id):
    return automatic.dispatch_by_itself(ticket_id=ticket_id, at=timezone.now())


@shared_task(name="channels_merge.dispatch_missed")
def dispatch_missed():
    return automatic.dispatch_missed(at=timezone.now())


@shared_task(name="channels_merge.look_after_merging")
def look_after_merging():
    return merging.look_after(at=timezone.now())


@shared_task(name="channels_merge.find_frequent_callers")
def find_frequent_callers():
    return repeats.find_frequent_callers(at=timezone.now())


@shared_task(name="channels_merge.learn_threshold")
def learn_threshold():
    row = merging.propose_threshold(at=timezone.now())
    return str(row.value) if row else ""


@shared_task(name="channels_merge.merge_postings")
def merge_postings():
    return services.merge_postings(at=timezone.now())


@shared_task(name="channels_merge.drop_postings")
def drop_postings():
    return services.drop_postings(at=timezone.now())
