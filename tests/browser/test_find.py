"""The dialog that finds directions: by method, from a label or a number."""


def find(explorer, method, label, value=None):
    """Ask the dialog for a direction."""
    explorer.page.locator("[data-find]").click()
    explorer.page.locator(".find [name=method]").select_option(method)
    explorer.page.locator(".find [name=label]").select_option(label)
    if value:
        explorer.page.locator(".find [name=value]").select_option(value)
    explorer.page.locator(".find [data-ask]").click()


def test_the_dialog_finds_directions_by_any_method(explorer):
    explorer.page.locator(".sliders li").last.wait_for()
    for wish, name, told in (
        (("ridge", "smile"), "smile", "Ridge regression"),
        (("svm", "smile"), "smile", "Linear SVM"),
        (("logistic", "glasses", "sunglasses"), "glasses: sunglasses", "Logistic regression"),
    ):
        count = explorer.page.locator(".sliders li").count()
        find(explorer, *wish)
        explorer.page.locator(".find").wait_for(state="hidden")
        found = explorer.page.locator(".sliders li").nth(count)
        assert found.locator(".name").inner_text() == name
        found.locator("[data-info]").click()
        assert told in found.locator(".told").inner_text()
        shown = explorer.shown()["steer"]
        found.locator("input[type=range]").fill("2")
        explorer.wait("was => document.querySelector('.result canvas').dataset.steer !== was", shown)


def test_the_dialog_counts_components_from_one(explorer):
    explorer.page.locator("[data-find]").click()
    explorer.page.locator(".find [name=method]").select_option("sefa")
    assert not explorer.page.locator(".find [name=label]").is_visible()
    explorer.page.locator(".find [name=component]").fill("129")  # of 128
    explorer.page.locator(".find [data-ask]").click()
    assert explorer.page.locator(".find[open]").count() == 1
    explorer.page.locator(".find [name=component]").fill("2")
    explorer.page.locator(".find [data-ask]").click()
    explorer.page.locator(".sliders .name", has_text="Closed form (SeFa) 2").wait_for()
