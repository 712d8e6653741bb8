"""Sets what Open WebUI reads from its environment from files, inside this process, and runs it."""
import os
import pathlib
import runpy
import sys

FILES = {
    "DATABASE_URL": "/etc/ralex/secrets/database_url",
    "REDIS_URL": "/etc/ralex/secrets/redis_url",
    "WEBSOCKET_REDIS_URL": "/etc/ralex/secrets/websocket_redis_url",
    "WEBUI_SECRET_KEY": "/etc/ralex/secrets/secret_key",
    "OPENAI_API_KEY": "/etc/ralex/secrets/api_key",
    "RAG_OPENAI_API_KEY": "/etc/ralex/secrets/api_key",
    "WEBUI_ADMIN_PASSWORD": "/etc/ralex/secrets/admin_password"
}
for name, path in FILES.items():
    os.environ[name] = pathlib.Path(path).read_text(encoding="utf-8").strip()
sys.path.insert(0, os.getcwd())
sys.argv = [
    "uvicorn", "open_webui.main:app", "--host", "0.0.0.0", "--port", "8080",
    "--forwarded-allow-ips", "*", "--timeout-graceful-shutdown", "15",
    "--h11-max-incomplete-event-size", "135168",
]
runpy.run_module("uvicorn", run_name="__main__")
