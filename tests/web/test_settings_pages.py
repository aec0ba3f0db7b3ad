"""The page Settings lists every page for administration, and each of them leads to the others."""

from credstore.web.settings_pages import SETTINGS_PAGES
from tests.page import Page


def test_every_page_for_administration_is_listed_and_leads_to_the_others(admin: Page) -> None:
    listed = admin.get("/settings").text
    with admin.client.application.test_request_context():
        urls = {page.title: admin.client.application.url_for(page.endpoint) for page in SETTINGS_PAGES}
    for page in SETTINGS_PAGES:
        assert page.sentence in listed
        opened = admin.get(urls[page.title])
        assert opened.status_code == 200
        assert f'href="{urls[page.title]}" aria-current="page">{page.title}</a>' in opened.text
        for other in ("/settings", *urls.values()):
            assert f'href="{other}"' in opened.text


def test_the_header_of_every_page_leads_to_settings(admin: Page) -> None:
    for path in ("/credentials", "/credentials/new", "/keys"):
        header = admin.get(path).text.partition("</header>")[0]
        assert 'href="/settings">Settings</a>' in header


def test_it_asks_for_a_sign_in(visitor: Page) -> None:
    assert visitor.get("/settings", status=303).headers["Location"].startswith("/login")
