"""Pages of this room; included by config.urls."""

from django.urls import path

from evaluation.views import county, figures, follow_ups, reviews

app_name = "evaluation"

urlpatterns = [
    path("follow-ups/", follow_ups.follow_ups, name="follow-ups"),
    path("follow-ups/<int:pk>/", follow_ups.peek, name="follow-up-peek"),
    path("follow-ups/<int:pk>/number/", follow_ups.reveal, name="follow-up-number"),
    path("follow-ups/<int:pk>/attempt/", follow_ups.attempt, name="follow-up-attempt"),
    path("reviews/", reviews.decisions, name="review-decisions"),
    path("reviews/<int:pk>/", reviews.evidence, name="review-evidence"),
    path("reviews/<int:pk>/decide/", reviews.decide, name="review-decide"),
    path("county/", county.county, name="county"),
    path("county/returned/", county.returned, name="county-returned"),
    path("figures/", figures.figures, name="figures"),
    path("figures/tickets/", figures.tickets_behind, name="figure-tickets"),
]
