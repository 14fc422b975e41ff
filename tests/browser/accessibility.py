"""What a screen reader is given of a page: Chromium's accessibility tree."""


def tree(page):
    """The nodes of a page or frame in their order: (role, name, {property: value})."""
    session = page.context.new_cdp_session(page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()
    return [
        (
            node["role"]["value"],
            node.get("name", {}).get("value", ""),
            {one["name"]: one["value"].get("value") for one in node.get("properties", ())},
        )
        for node in nodes
        if not node["ignored"]
    ]


def usable(page):
    """The roles and names of what can have the focus, but for the page itself."""
    return [(role, name) for role, name, known in tree(page) if known.get("focusable") and role != "RootWebArea"]
