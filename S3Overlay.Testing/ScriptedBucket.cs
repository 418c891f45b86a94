using System.Text;

using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Testing;

/// <summary>A bucket of a scripted remote.</summary>
public sealed class ScriptedBucket : ScriptedTarget
{
    private readonly RequestLog _log;
    private readonly TimeProvider _time;
    private readonly SortedDictionary<string, ScriptedObject> _objects = new(Utf8Order.Instance);

    internal ScriptedBucket(string name, RequestLog log, TimeProvider time)
        : base(log) => (Name, _log, _time, Created) = (name, log, time, time.GetUtcNow());

    /// <summary>The name.</summary>
    public string Name { get; }

    internal DateTimeOffset Created { get; }

    /// <summary>A key, with or without an object: to add failures, change the object or count its requests.</summary>
    public ScriptedObject this[string key]
    {
        get
        {
            ArgumentException.ThrowIfNullOrEmpty(key);
            lock (_objects)
            {
                return _objects.TryGetValue(key, out var known) ? known : _objects[key] = new ScriptedObject(this, key, _log, _time);
            }
        }
    }

    /// <summary>Adds an object with a text, or replaces it.</summary>
    public ScriptedObject Object(string key, string text) => Object(key, Encoding.UTF8.GetBytes(text));

    /// <summary>Adds an object, or replaces it.</summary>
    public ScriptedObject Object(string key, ReadOnlyMemory<byte> bytes)
    {
        var item = this[key];
        item.Put(bytes);
        return item;
    }

    /// <inheritdoc/>
    internal override bool Includes(ScriptedRequest request) => request.Bucket == Name;

    /// <inheritdoc/>
    internal override void RemoveFaults()
    {
        base.RemoveFaults();
        lock (_objects)
        {
            foreach (var item in _objects.Values)
            {
                item.RemoveFaults();
            }
        }
    }

    /// <summary>The key if it is known, without making it known.</summary>
    internal ScriptedObject? Find(string key)
    {
        lock (_objects)
        {
            return _objects.GetValueOrDefault(key);
        }
    }

    /// <summary>The objects that a page lists, and whether there are more.</summary>
    /// <param name="query">Prefix, delimiter and size of the page.</param>
    /// <param name="startAfter">Only keys after it; empty for all.</param>
    /// <param name="lastShown">The last name of the page before; empty for none.</param>
    internal (List<(string Name, ScriptedVersion? Version)> Rows, bool IsTruncated) List(
        ListingQuery query, string startAfter, string lastShown)
    {
        var rows = new List<(string Name, ScriptedVersion? Version)>();
        lock (_objects)
        {
            foreach (var (key, item) in _objects)
            {
                if (item.Version is not { } version || !key.StartsWith(query.Prefix, StringComparison.Ordinal)
                    || Utf8Order.Compare(key, startAfter) <= 0)
                {
                    continue;
                }

                var prefix = query.CommonPrefixOf(key);
                var name = prefix ?? key;
                if (Utf8Order.Compare(name, lastShown) <= 0 || (rows.Count > 0 && rows[^1].Name == name))
                {
                    continue;
                }

                if (rows.Count == query.PageSize)
                {
                    return (rows, IsTruncated: query.PageSize > 0);
                }

                rows.Add((name, prefix is null ? version : null));
            }
        }

        return (rows, IsTruncated: false);
    }
}
