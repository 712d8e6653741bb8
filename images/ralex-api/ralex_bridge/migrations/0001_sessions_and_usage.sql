CREATE TABLE sessions (
    id uuid PRIMARY KEY,
    key_name text NOT NULL,
    title text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX sessions_by_key ON sessions (key_name, updated_at DESC);

CREATE TABLE session_messages (
    session_id uuid NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    position integer NOT NULL,
    role text NOT NULL,
    -- json, not jsonb: a message is kept as it was sent, and jsonb refuses the character U+0000
    message json NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (session_id, position)
);

CREATE TABLE usage (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    key_name text NOT NULL,
    request_id text NOT NULL,
    model text NOT NULL,
    upstream text NOT NULL,
    prompt_tokens integer NOT NULL,
    completion_tokens integer NOT NULL,
    cost_usd numeric(14, 8) NOT NULL,
    seconds double precision NOT NULL,
    status integer NOT NULL
);

CREATE INDEX usage_by_key ON usage (key_name, at DESC);
