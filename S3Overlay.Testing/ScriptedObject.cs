using System.Security.Cryptography;

using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Testing;

/// <summary>A key of a scripted remote, and its object if it has one.</summary>
public sealed class ScriptedObject : ScriptedTarget
{
    private readonly ScriptedBucket _bucket;
    private readonly TimeProvider _time;

    internal ScriptedObject(ScriptedBucket bucket, string key, RequestLog log, TimeProvider time)
        : base(log) => (_bucket, Key, _time) = (bucket, key, time);

    /// <summary>The key.</summary>
    public string Key { get; }

    /// <summary>Whether it has an object.</summary>
    public bool Exists => Version is not null;

    /// <summary>The ETag with its quotes: the MD5 of the content. Null without an object.</summary>
    public string? ETag => Version?.ETag;

    /// <summary>What the key has now.</summary>
    internal ScriptedVersion? Version { get; private set; }

    /// <summary>Gives the object a header, such as <c>Content-Type</c> or <c>x-amz-meta-color</c>. The ETag stays.</summary>
    public ScriptedObject Header(string name, string value) =>
        Change(version => version with { Headers = [.. version.Headers.Where(header => !Is(header, name)), new(name, value)] });

    /// <summary>Gives the object a tag.</summary>
    public ScriptedObject Tag(string name, string value) =>
        Change(version => version with { Tags = [.. version.Tags.Where(tag => tag.Key != name), new(name, value)] });

    /// <summary>Sets the date of the object. Without it, that is when it was added.</summary>
    public ScriptedObject LastModified(DateTimeOffset date) =>
        Change(version => version with { LastModified = HttpDates.WholeSeconds(date) });

    /// <summary>Deletes the object. The key's failures stay.</summary>
    public ScriptedObject Remove()
    {
        Version = null;
        return this;
    }

    /// <summary>Adds another object to the same bucket, and returns that one.</summary>
    public ScriptedObject Object(string key, string text) => _bucket.Object(key, text);

    /// <summary>Adds another object to the same bucket, and returns that one.</summary>
    public ScriptedObject Object(string key, ReadOnlyMemory<byte> bytes) => _bucket.Object(key, bytes);

    /// <inheritdoc/>
    internal override bool Includes(ScriptedRequest request) => request.Key == Key && request.Bucket == _bucket.Name;

    internal void Put(ReadOnlyMemory<byte> bytes) => Version = new ScriptedVersion(
        bytes, $"\"{Convert.ToHexStringLower(MD5.HashData(bytes.Span))}\"", HttpDates.WholeSeconds(_time.GetUtcNow()), [], []);

    private static bool Is(KeyValuePair<string, string> header, string name) => header.Key.Equals(name, StringComparison.OrdinalIgnoreCase);

    private ScriptedObject Change(Func<ScriptedVersion, ScriptedVersion> change)
    {
        Version = change(Version ?? throw new InvalidOperationException($"{_bucket.Name}/{Key} has no object. Add one with Object(...)."));
        return this;
    }
}

/// <summary>One version of an object: requests that run keep the one they began with.</summary>
internal sealed record ScriptedVersion(
    ReadOnlyMemory<byte> Bytes, string ETag, DateTimeOffset LastModified, IReadOnlyList<KeyValuePair<string, string>> Headers,
    IReadOnlyList<KeyValuePair<string, string>> Tags);
