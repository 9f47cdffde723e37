"""The scripts that change and read a Redis store. Redis runs each script atomically.

A script that fails midway is not rolled back, so ``COMMIT`` checks everything before it writes.

    counterfoil:about           hash: settings, and the last id of a world
    counterfoil:heads           hash: name of a world -> "id base length expires bytes-of-faults " faults logins
    counterfoil:world:ID        hash: name, origin, scenario (digest), time_to_live
    counterfoil:log:ID          list: its commands
    counterfoil:order           sorted set: ids of worlds, by id
    counterfoil:expiring        sorted set: ids of worlds by the second at which they expire
    counterfoil:scenario:DIGEST string: a scenario's text, while it has worlds
    counterfoil:scenarios       hash: a scenario's digest -> how many worlds were made from it
    counterfoil:writer:ID       string: a server's last batch
"""

from __future__ import annotations

from collections.abc import Sequence

from counterfoil.store.log import (
    AppendCommand,
    Change,
    CreateWorld,
    DeleteWorld,
    ResetWorld,
    SetFaults,
    SetLogins,
    TouchWorld,
    encode_origin,
)

Value = int | str | bytes
KEPT_WRITERS = 86_400
"""Seconds."""
MADE = 9
"""Values of the change that creates a world, before its commands."""

COMMIT = """
local writer, before, batch = 'counterfoil:writer:' .. ARGV[1], ARGV[2], ARGV[3]
local changes, at = {}, 4
while at <= #ARGV do -- each: how many values, the values
    local o, count = {}, tonumber(ARGV[at])
    for i = 1, count do o[i] = ARGV[at + i] end
    changes[#changes + 1] = o
    at = at + count + 1
end
if redis.call('GET', writer) ~= before then return 'FENCED' end

local heads, taken = {}, {}
local function head_of(id)
    if heads[id] == nil then
        heads[id] = false
        local name = redis.call('HGET', 'counterfoil:world:' .. id, 'name')
        if name then
            local stored = redis.call('HGET', 'counterfoil:heads', name)
            local _, base, length, expires, bytes, rest = string.match(stored, '^(%d+) (%d+) (%d+) (%S+) (%d+) (.*)$')
            heads[id] = {name = name, base = tonumber(base), length = tonumber(length), expires = expires,
                faults = string.sub(rest, 1, tonumber(bytes)), logins = string.sub(rest, tonumber(bytes) + 1)}
        end
    end
    return heads[id]
end

for _, o in ipairs(changes) do
    local kind, id = o[1], o[2]
    local head = head_of(id)
    if kind == 'made' then
        local exists = taken[o[3]]
        if exists == nil then exists = redis.call('HEXISTS', 'counterfoil:heads', o[3]) == 1 end
        if exists or head then return 'CONFLICT' end
        heads[id] = {name = o[3], base = tonumber(o[5]), length = #o - MADE, expires = o[7], faults = '', logins = ''}
        taken[o[3]] = true
    elseif kind == 'touched' then
        if head and head.expires ~= '-' and tonumber(o[3]) > tonumber(head.expires) then head.expires = o[3] end
    elseif not head then
        return 'CONFLICT'
    elseif kind == 'append' then
        if head.base ~= tonumber(o[3]) or head.length + 1 ~= tonumber(o[4]) then return 'CONFLICT' end
        if o[6] == 'plain' and head.faults .. head.logins ~= '' then return 'CONFLICT' end
        head.length = head.length + 1
    elseif kind == 'reset' then
        if head.base + head.length + 1 ~= tonumber(o[3]) then return 'CONFLICT' end
        head.base, head.length, head.logins = tonumber(o[3]), 0, ''
    elseif kind == 'gone' then
        if o[3] ~= '' and not (head.expires ~= '-' and tonumber(head.expires) < tonumber(o[3])) then return 'CONFLICT' end
        heads[id], taken[head.name] = false, false
    else -- faults, logins
        if o[4] == 'if' and head[kind] ~= o[5] then return 'CONFLICT' end
        if o[6] and (head.base ~= tonumber(o[6]) or head.length ~= tonumber(o[7])) then return 'CONFLICT' end
        head[kind] = o[3]
    end
end

redis.call('SET', writer, batch, 'EX', KEPT_WRITERS)
for _, o in ipairs(changes) do
    local kind, id = o[1], o[2]
    local world, log = 'counterfoil:world:' .. id, 'counterfoil:log:' .. id
    if kind == 'append' then
        redis.call('RPUSH', log, o[5])
    elseif kind == 'made' then
        redis.call('SET', 'counterfoil:scenario:' .. o[8], o[9], 'NX')
        redis.call('HINCRBY', 'counterfoil:scenarios', o[8], 1)
        redis.call('HSET', world, 'name', o[3], 'origin', o[4], 'scenario', o[8], 'time_to_live', o[6])
        redis.call('ZADD', 'counterfoil:order', id, id)
        for i = MADE + 1, #o do redis.call('RPUSH', log, o[i]) end
    elseif kind == 'reset' then
        redis.call('DEL', log)
    elseif kind == 'gone' then
        local name, scenario = unpack(redis.call('HMGET', world, 'name', 'scenario'))
        if redis.call('HINCRBY', 'counterfoil:scenarios', scenario, -1) == 0 then
            redis.call('HDEL', 'counterfoil:scenarios', scenario)
            redis.call('DEL', 'counterfoil:scenario:' .. scenario)
        end
        redis.call('DEL', world, log)
        redis.call('HDEL', 'counterfoil:heads', name)
        redis.call('ZREM', 'counterfoil:order', id)
        redis.call('ZREM', 'counterfoil:expiring', id)
    end
end
for id, head in pairs(heads) do
    if head then
        if head.expires ~= '-' then redis.call('ZADD', 'counterfoil:expiring', head.expires, id) end
        local fields = {id, head.base, head.length, head.expires, #head.faults, head.faults .. head.logins}
        redis.call('HSET', 'counterfoil:heads', head.name, table.concat(fields, ' '))
    end
end
return 'DONE'
""".replace("KEPT_WRITERS", str(KEPT_WRITERS)).replace("MADE", str(MADE))

FIND = """
local head = redis.call('HGET', 'counterfoil:heads', ARGV[1])
if not head then return false end
local id = string.match(head, '^%d+')
local world = redis.call('HMGET', 'counterfoil:world:' .. id, 'origin', 'time_to_live', 'scenario')
local text = redis.call('GET', 'counterfoil:scenario:' .. world[3])
return {head, world[1], world[2], text, redis.call('LRANGE', 'counterfoil:log:' .. id, 0, -1)}
"""

NAMES_OF = """
local names = {}
for _, id in ipairs(ARGV) do
    names[#names + 1] = redis.call('HGET', 'counterfoil:world:' .. id, 'name')
end
return names
"""
"""The names of worlds by id; false for an unknown id."""

MISTAKES = """
local wrong = {}
for _, name in ipairs(ARGV) do
    local head = redis.call('HGET', 'counterfoil:heads', name)
    if head then
        local id, length = string.match(head, '^(%d+) %d+ (%d+) ')
        if redis.call('LLEN', 'counterfoil:log:' .. id) ~= tonumber(length) then wrong[#wrong + 1] = name end
    end
end
return wrong
"""
"""Of the named worlds, those whose log does not have the expected length."""


def encoded(changes: Sequence[Change]) -> list[Value]:
    """The arguments for the script ``COMMIT``: for each change the number of values, then the values."""
    sent: list[Value] = []
    for change in changes:
        values = _values(change)
        sent.append(len(values))
        sent += values
    return sent


def _values(change: Change) -> list[Value]:
    if isinstance(change, AppendCommand):
        plain: list[Value] = ["plain"] if change.is_plain else []
        return ["append", change.world, change.base, change.number, change.command, *plain]
    if isinstance(change, CreateWorld):
        row = change.row
        life = "" if row.time_to_live is None else repr(row.time_to_live)
        expires = "-" if row.expires is None else repr(row.expires)
        fixed: list[Value] = [
            row.id,
            row.name,
            encode_origin(row.origin),
            row.base,
            life,
            expires,
            row.origin.digest,
            change.text,
        ]
        return ["made", *fixed, *change.commands]
    if isinstance(change, ResetWorld):
        return ["reset", change.world, change.base]
    if isinstance(change, TouchWorld):
        return ["touched", change.world, repr(change.expires)]
    if isinstance(change, DeleteWorld):
        return ["gone", change.world, "" if change.expired_before is None else repr(change.expired_before)]
    assert isinstance(change, SetFaults | SetLogins)
    kind = "faults" if isinstance(change, SetFaults) else "logins"
    condition: list[Value] = [] if change.before is None else ["if", change.before]
    if isinstance(change, SetLogins) and change.before is not None and change.at is not None:
        condition += change.at
    return [kind, change.world, change.json, *condition]
