from config.management.commands.write_state_machine import DOCUMENT, MACHINES, acts_of, document


def test_document_is_current():
    assert DOCUMENT.read_text(encoding="utf-8") == document(), "python3 run.py manage write_state_machine"


def test_every_ground_is_that_of_a_transition():
    assert {machine.title: set(machine.grounds) for machine in MACHINES} == {
        machine.title: set(acts_of(machine.model)) for machine in MACHINES
    }
