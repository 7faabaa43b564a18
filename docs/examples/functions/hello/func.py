"""Hello world, with what `fn init --runtime python` gives a new function: a name out of JSON, or World."""

import io
import json
import logging

from fdk import response


def handler(ctx, data: io.BytesIO | None = None):
    name = "World"
    try:
        name = json.loads(data.getvalue()).get("name", name)
    except ValueError as error:
        logging.getLogger().info("error parsing json payload: %s", error)
    logging.getLogger().info("Inside Python Hello World function")
    return response.Response(
        ctx, response_data=json.dumps({"message": f"Hello {name}"}), headers={"Content-Type": "application/json"}
    )
