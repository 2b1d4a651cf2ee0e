"""`report.html` is one file that asks for nothing, and in which nothing of a history acts."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest

from deliverycheck.history import CampaignFolder
from deliverycheck.plans import Stance, Subject
from deliverycheck.plans.campaign import Cell, ClaimState
from reports import load_campaign, render
from reports.fix import fix_of
from selftests.sample_campaign import sample, save
from selftests.sample_stories import Driven

HOSTILE = "</script><img src=x onerror=alert(1)>\"'&"
RIGHT_TO_LEFT = "\u202e\u05de\u05db\u05d0\u05dc"
LONG = "t" * 300


class _Page(HTMLParser):
    """Gathers elements, attributes and text of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.ids, self.text = [], [], [], []
        self.scripts = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag == "script" and ("type", "application/json") not in attrs:
            self.scripts.append(attrs)
        self.attributes += [(tag, *pair) for pair in attrs]
        self.ids += [value for name, value in attrs if name == "id"]

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture
def folder(tmp_path):
    sample(tmp_path, alarm=True)
    return tmp_path


def page_of(folder):
    text = render(folder).html.read_text(encoding="utf-8")
    return text, _Page(text)


def hostile(campaign, folder):
    """The campaign with foreign text in every place that shows some."""
    words = f"{HOSTILE} {RIGHT_TO_LEFT} {LONG}"
    story = Driven()
    story.published("p1#1-1", 0, target=words)
    story.publish("p1#1-2", target=words, key=HOSTILE)
    story.process("p1#1", "killed", error=HOSTILE)
    story.injected(HOSTILE, f"link {HOSTILE}", direction=RIGHT_TO_LEFT)
    (folder / "violations" / "acks-0" / "history.jsonl").write_bytes(b"".join(story.lines()))
    violation = msgspec.structs.replace(
        campaign.violations[0],
        title=words,
        sentences=(words,),
        operations=(words,),
        promise=words,
        source=words,
        instead=words,
        replay=words,
        evidence=(words,),
    )
    result = campaign.results[0]
    result = msgspec.structs.replace(
        result, claim=msgspec.structs.replace(result.claim, setting=words), note=words
    )
    return msgspec.structs.replace(
        campaign,
        results=(result, *campaign.results[1:]),
        violations=(violation, *campaign.violations[1:]),
        notes=(words,),
        options={HOSTILE: RIGHT_TO_LEFT},
    )


def test_page_names_no_address(folder):
    text, _ = page_of(folder)
    assert re.findall(r"https?:|//[a-z]|url\(|@import", text) == []


def test_page_forbids_itself_every_request(folder):
    _, page = page_of(folder)
    policy = next(
        value for tag, name, value in page.attributes if tag == "meta" and "default-src" in value
    )
    assert policy.startswith("default-src 'none'")


def test_only_the_script_of_the_page_may_run(folder):
    text, page = page_of(folder)
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = next(value for _, name, value in page.attributes if name == "content")
    assert f"script-src 'sha256-{digest}'" in policy


def test_page_loads_nothing(folder):
    _, page = page_of(folder)
    loaded = [each for each in page.attributes if each[1] in {"src", "srcset", "action", "data"}]
    links = {value for tag, name, value in page.attributes if (tag, name) == ("link", "href")}
    assert (loaded, links) == ([], {"data:,"})


def test_every_link_leads_to_a_place_on_the_page(folder):
    _, page = page_of(folder)
    targets = {value for tag, name, value in page.attributes if (tag, name) == ("a", "href")}
    assert targets
    assert {target.removeprefix("#") for target in targets} <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))


def test_hostile_text_adds_no_element(folder):
    save(hostile(load_campaign(folder), folder), folder)
    _, page = page_of(folder)
    assert "img" not in page.tags
    assert len(page.scripts) == 1
    assert not [each for each in page.attributes if each[1].startswith("on")]


def test_direction_marks_are_spelt_out(folder):
    save(hostile(load_campaign(folder), folder), folder)
    text, _ = page_of(folder)
    assert "\u202e" not in text
    assert "\\u202e\u05de\u05db\u05d0\u05dc" in text


def test_long_name_is_shown_whole(folder):
    save(hostile(load_campaign(folder), folder), folder)
    assert LONG in page_of(folder)[0]


def test_campaign_of_no_executions_still_renders(folder):
    campaign = load_campaign(folder)
    nothing = msgspec.structs.replace(campaign, results=(), violations=(), executions=0)
    save(nothing, folder)
    text, _ = page_of(folder)
    assert "nothing was executed, so nothing is known" in text


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (lambda path: path.unlink(), "history.jsonl is not there"),
        (lambda path: path.write_bytes(b'{"type":"ping"}\n'), "expected one of header"),
        (lambda path: path.write_bytes(b""), "the file is empty"),
    ],
    ids=["missing", "not-ours", "empty"],
)
def test_history_that_cannot_be_drawn_is_said_in_its_card(folder, harm, told):
    harm(folder / "violations" / "acks-0" / "history.jsonl")
    text, _ = page_of(folder)
    assert "No timeline: <bdi>" in text
    assert told in text
    assert str(folder) not in text


def test_torn_history_is_drawn_to_the_cut_and_says_so(folder):
    path = folder / "violations" / "acks-0" / "history.jsonl"
    path.write_bytes(path.read_bytes()[:-150])
    assert "The history ends before its end" in page_of(folder)[0]


def test_history_outside_the_campaign_is_not_read(folder):
    campaign = load_campaign(folder)
    stray = msgspec.structs.replace(campaign.violations[0], folder="../elsewhere")
    save(msgspec.structs.replace(campaign, violations=(stray,)), folder)
    assert "lies outside the campaign" in page_of(folder)[0]


def test_found_control_is_worded_as_a_success(tmp_path):
    sample(tmp_path)
    _, page = page_of(tmp_path)
    text = "".join(page.text)
    assert "acks=0 loses messages the application relied on, as stated" in text
    assert "card alarm" not in render(tmp_path).html.read_text()


def test_rendering_twice_gives_the_same_page(folder):
    assert page_of(folder)[0] == page_of(folder)[0]


SECRETS = {"DELIVERYCHECK_AMQP_PASSWORD": "hunter2-amqp", "AWS_SECRET_ACCESS_KEY": "hunter2-aws"}


def test_nothing_of_the_environment_or_of_the_machine_s_paths_is_shown(folder, monkeypatch):
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOME", "/home/somebody")
    rendered = render(folder)
    for path in (rendered.html, rendered.summary, rendered.junit):
        text = path.read_text(encoding="utf-8")
        planted = [*SECRETS, *SECRETS.values(), "/home/somebody", str(folder), str(Path.cwd())]
        assert [word for word in planted if word in text] == []


def test_each_cell_of_the_matrix_is_a_link(folder):
    text, _ = page_of(folder)
    table = re.search(r'<table class="matrix".*?</table>', text, re.DOTALL)[0]
    cells = re.findall(r'<td class="cell [^>]*>(.*?)</td>', table)
    assert len(cells) > 40
    assert all(cell.startswith('<a href="#') for cell in cells)


def test_setting_that_mends_it_is_named_with_what_proves_it(folder):
    campaign = load_campaign(folder)
    pair = {"acks-0": "acks-all"}
    results = tuple(
        msgspec.structs.replace(
            one,
            claim=msgspec.structs.replace(
                one.claim,
                pair=pair.get(one.claim.id, ""),
                subject=Subject(producer={"acks": 0 if one.claim.id == "acks-0" else "all"}),
            ),
        )
        for one in campaign.results
    )
    save(msgspec.structs.replace(campaign, results=results), folder)
    text, _ = page_of(folder)
    card = re.search(r'<article id="violation-acks-0".*?</article>', text, re.DOTALL)[0]
    assert "<del><bdi>0</bdi></del> → <ins><bdi>all</bdi></ins>" in card
    assert '<a href="#claim-acks-all"><bdi>acks-all</bdi></a>: held: 156 valid executions' in card


def test_fix_that_held_where_this_broke_is_proved_by_those_executions_alone(folder):
    broken, sibling = load_campaign(folder).results[:2]
    broken = msgspec.structs.replace(
        broken, claim=msgspec.structs.replace(broken.claim, pair=sibling.claim.id)
    )
    cells = (
        Cell(hazard="black_hole", state=ClaimState.HELD, valid=4),
        Cell(hazard="broker_killed", state=ClaimState.NOT_EXERCISED, valid=1),
    )
    sibling = msgspec.structs.replace(
        sibling,
        claim=msgspec.structs.replace(sibling.claim, stance=Stance.HOLDS),
        state=ClaimState.NOT_EXERCISED,
        cells=cells,
        valid=5,
    )
    results = {sibling.claim.id: sibling}
    where = fix_of(broken, results, ("black_hole",)).proof
    assert where.startswith("held where this broke: 4 valid executions, none violated")
    elsewhere = fix_of(broken, results, ("broker_killed",)).proof
    assert elsewhere.endswith("too few to say that it holds")


def test_situation_that_was_never_reached_says_why(folder):
    assert "the time was over before its plans were tried" not in page_of(folder)[0]
    campaign = load_campaign(folder)
    results = tuple(
        msgspec.structs.replace(
            one,
            cells=tuple(
                Cell(hazard=cell.hazard, state=cell.state, out_of_time=True) for cell in one.cells
            ),
        )
        for one in campaign.results
    )
    save(msgspec.structs.replace(campaign, results=results), folder)
    assert "the time was over before its plans were tried" in page_of(folder)[0]


def test_executions_that_were_written_down_are_counted_by_situation(folder):
    line = b'{"seconds":1.5,"after_s":%d,"hazards":{"lost_reply":[],"broker_killed":[]}}\n'
    events = CampaignFolder(root=folder).events
    events.write_bytes(b"".join(line % number for number in range(9)) + b'{"torn')
    text, _ = page_of(folder)
    assert "<td>9</td><td>broker killed</td>" in text
    assert "How it went" in text
