"""What runs inside Redis: one Lua script for all calls, each of which is atomic.

KEYS: a hash of values, a sorted set of all keys (by their bytes), a sorted set of expiries, and the
size in bytes. ARGV: the operation, the key, then its arguments; "" stands for none.
"""

from __future__ import annotations

from typing import Final

SCRIPT: Final = r"""
local values, order, expiries, size = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local operation, key = ARGV[1], ARGV[2]
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local function is_live(name)
  local expires = redis.call('ZSCORE', expiries, name)
  return not expires or tonumber(expires) > now
end

local function read(name)
  local found = redis.call('HGET', values, name)
  if found and is_live(name) then return found end
  return false
end

local function delete(name)
  local found = redis.call('HGET', values, name)
  if not found then return end
  redis.call('HDEL', values, name)
  redis.call('ZREM', order, name)
  redis.call('ZREM', expiries, name)
  redis.call('DECRBY', size, #name + #found)
end

-- In small pieces: one write never pays for all that has expired.
local function purge()
  for _, name in ipairs(redis.call('ZRANGEBYSCORE', expiries, '-inf', now, 'LIMIT', 0, 100)) do
    delete(name)
  end
  if not is_live(key) then delete(key) end
end

-- Returns an error for the caller, or nil.
local function write(value, ttl, most)
  local before = redis.call('HGET', values, key)
  local grows = before and #value - #before or #key + #value
  local total = tonumber(redis.call('GET', size) or '0') + grows
  if total > most and grows > 0 then return {'full', string.format('%.0f', total)} end
  redis.call('HSET', values, key, value)
  redis.call('ZADD', order, 0, key)
  redis.call('INCRBY', size, grows)
  if ttl == '' then redis.call('ZREM', expiries, key)
  elseif ttl ~= 'keep' then redis.call('ZADD', expiries, now + tonumber(ttl), key) end
end

if operation == 'get' then return {'ok', read(key)} end

if operation == 'list' then
  local found, first, most = {}, ARGV[3], tonumber(ARGV[5])
  while #found < 2 * most do
    local part = redis.call('ZRANGEBYLEX', order, first, ARGV[4], 'LIMIT', 0, most)
    for _, name in ipairs(part) do
      if #found < 2 * most and is_live(name) then
        found[#found + 1] = name
        found[#found + 1] = redis.call('ZSCORE', expiries, name) or ''
      end
    end
    if #part < most then break end
    first = '(' .. part[#part]
  end
  return {'ok', found}
end

purge()
if operation == 'delete' then
  delete(key)
  return {'ok'}
end

if operation == 'put' then return write(ARGV[3], ARGV[4], tonumber(ARGV[5])) or {'ok'} end

if operation == 'increment' then
  local before = read(key)
  local digits = before and string.match(before, '^%-?(%d+)$')
  if before and (not digits or #digits > 16) then return {'nan'} end
  local total = tonumber(before or '0') + tonumber(ARGV[3])
  if math.abs(total) > 9007199254740991 then return {'nan', string.format('%.0f', total)} end
  local text = string.format('%.0f', total)
  if text == '-0' then text = '0' end
  local ttl = ARGV[4]
  if ttl == '' then ttl = 'keep' end
  return write(text, ttl, tonumber(ARGV[5])) or {'ok', text}
end

-- compare and set: ARGV[6] and ARGV[7] say whether there is an expected and a new value
local found = read(key)
if ARGV[6] == '0' then
  if found then return {'ok', '0'} end
elseif found ~= ARGV[8] then return {'ok', '0'} end
if ARGV[7] == '0' then
  delete(key)
  return {'ok', '1'}
end
return write(ARGV[3], ARGV[4], tonumber(ARGV[5])) or {'ok', '1'}
"""
