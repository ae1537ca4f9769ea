"""Who leaves, or reviews and audits no more, keeps nothing in hand for as long as a lease may be."""

from datetime import timedelta

from storage.engine import Store
from storage.tables import Role
from tests.workflow.audit_world import answer, finished, start, take
from tests.workflow.reviewers import LATER, Reviewers
from workflow import membership
from workflow.audit import plan
from workflow.quality_rules import ReviewRules
from workflow.review import upkeep

MINUTE = timedelta(minutes=1)


def test_a_claim_of_who_reviews_no_more_is_free_for_others(store: Store) -> None:
    shop = Reviewers(store, ReviewRules(share=1.0), items=1, reviewers=("rita", "rob"))
    shop.labelled("yes", "yes", "yes")
    shop.pick()
    claimed = shop.next("rita")
    assert upkeep.give_back_claims(store, LATER + MINUTE) == 0
    world = shop.world
    with store.write() as session:
        membership.set_roles(session, world.project_id, world.people["rita"], [Role.ANNOTATOR], LATER, None)
    assert upkeep.give_back_claims(store, LATER + MINUTE) == 1
    assert shop.next("rob", LATER + MINUTE) == claimed is not None


def test_an_item_of_an_auditor_who_left_is_given_to_another(store: Store) -> None:
    world = finished(store, 4)
    audit_id = start(world, plan.looking_at(1))
    finding_id = take(world, "ada", audit_id)
    assert finding_id is not None
    answer(world, "ada", finding_id)
    assert take(world, "ali", audit_id, LATER + MINUTE) is None
    with store.write() as session:
        membership.deactivated(session, world.slack_id("ada"), LATER)
    assert take(world, "ali", audit_id, LATER + MINUTE) == finding_id
