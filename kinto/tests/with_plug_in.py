"""For pytest in Kinto's own test suite: the plug-in is included in each application it makes.

`-p with_plug_in`; TOCSIN_URL and TOCSIN_TOKEN say where to.
"""

from typing import Any

import webtest
from kinto.core import testing
from pyramid.settings import aslist

INCLUDE = "kinto_tocsin"


def make_app(cls: Any, settings: Any = None, config: Any = None) -> Any:
    """As Kinto's own, but for the include."""
    settings = cls.get_app_settings(extras=settings)
    includes = aslist(settings.get("includes") or "")
    settings["includes"] = " ".join([*includes, INCLUDE])
    application = webtest.TestApp(cls.entry_point({}, config=config, **settings))
    application.RequestClass = testing.get_request_class(cls.api_prefix)
    return application


testing.BaseWebTest.make_app = classmethod(make_app)
