"""The laptop: the functions, routes, schedules and queues of template.yaml on loopback, without an account or Docker.

`stack.LocalStack` is the entrance:

    with LocalStack(Path("template.yaml"), state=tmp_path) as stack:
        requests.post(f"{stack.url}/v1/decide", json={...})      # the HTTP API, payload v2.0
        stack.invoke("RefreshModelFunction", {})                  # one function, synchronously
        stack.client("dynamodb").scan(TableName=stack.environment("DecideFunction")["VITRINE_TABLE"])

Each function runs in child processes under AWS's runtime client `awslambdaric`; AWS itself is emulated by ministack.
There is no business logic here.
"""
