using System.Security.Cryptography;

using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Tests.Support;

/// <summary>
/// A small S3 store whose buckets all keep versions. It has objects, also with customer keys (<see cref="CustomerKey"/>), delete markers,
/// copies and listings. It checks no signatures.
/// </summary>
public sealed class VersionedStore : IAsyncDisposable, ISteppedCalls
{
    private readonly Lock _lock = new();
    private readonly HashSet<string> _buckets = [];
    private readonly Dictionary<(string Bucket, string Key), List<StoredVersion>> _keys = [];
    private LoopbackServer _server = null!;
    private int _last;

    private VersionedStore()
    {
    }

    public Uri Endpoint => _server.Endpoint;

    /// <summary>Whether a GET of a delete marker by its id is 404, as at Ceph, instead of 405.</summary>
    public bool DeniesMarkers { get; set; }

    /// <summary>Whether versions are locked, so that a delete needs governance bypass.</summary>
    public bool LocksVersions { get; set; }

    /// <summary>The number of deletes of versions that fail and must be retried.</summary>
    public int FailingVersionDeletes { get; set; }

    /// <summary>
    /// Whether it lists as Versity does. All delete markers come before all versions. Ids sort by time. The newest version of a key is
    /// repeated when a listing continues after it. A null version that is not the newest is repeated wherever the listing continues. A
    /// listing that continues after one of these contains nothing else.
    /// </summary>
    public bool ListsInGroups { get; set; }

    /// <summary>
    /// Whether it looks for a version marker in the next key if the named one does not exist, as MinIO does.
    /// </summary>
    public bool TakesNextKeysVersion { get; set; }

    /// <summary>Whether it refuses requests without a key, or with the wrong one, in Ceph's words.</summary>
    public bool RefusesKeysAsCeph { get; set; }

    /// <summary>Whether its buckets keep no versions any more: each write, and each delete, takes the place of the version null.</summary>
    public bool IsSuspended { get; set; }

    /// <summary>Whether it knows If-Match of deletes.</summary>
    public bool JudgesDeletes { get; set; }

    /// <summary>Responds to GetBucketVersioning instead of the store, or returns null.</summary>
    public Func<(int Status, string Text)>? TellVersioning { get; set; }

    /// <summary>Whether it supports ListObjectVersions.</summary>
    public bool ListsVersions { get; set; } = true;

    /// <summary>Whether it refuses to list versions.</summary>
    public bool ForbidsVersions { get; set; }

    /// <summary>When what is put is written.</summary>
    public DateTimeOffset Now { get; set; } = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    public Func<StoreCall, Task>? Before { get; set; }

    public Func<StoreCall, Task>? After { get; set; }

    public static async Task<VersionedStore> StartAsync()
    {
        var store = new VersionedStore();
        store._server = await LoopbackServer.StartAsync(store.HandleAsync);
        return store;
    }

    /// <summary>The versions of a key, newest first; markers have no bytes.</summary>
    public IReadOnlyList<StoredVersion> VersionsOf(string bucket, string key)
    {
        lock (_lock)
        {
            return [.. Enumerable.Reverse(Of(bucket, key))];
        }
    }

    /// <summary>Puts an object as it was put before there were versions.</summary>
    public void PutNull(string bucket, string key, byte[] bytes)
    {
        lock (_lock)
        {
            Of(bucket, key).Add(new StoredVersion("null", bytes) { Written = Now });
        }
    }

    /// <summary>Puts new versions of an object, without a connection each.</summary>
    public void PutMany(string bucket, string key, byte[] bytes, int count)
    {
        lock (_lock)
        {
            for (var i = 0; i < count; i++)
            {
                Add(Of(bucket, key), bytes);
            }
        }
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task HandleAsync(HttpContext context)
    {
        var target = RequestTarget.Parse(context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget, "", "");
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var query = S3Query.Parse(target.RawQuery);
        var call = new StoreCall(context.Request.Method, target.RawPath, target.RawQuery, 0);
        if (!await RunAsync(Before, call, context))
        {
            return;
        }

        var (status, code) = Serve(context, target.Bucket, target.Key, query, body.ToArray(), out var response);
        if (!await RunAsync(After, call with { Status = status }, context))
        {
            return;
        }

        context.Response.StatusCode = status;
        if (code.Length > 0)
        {
            await ScriptedRemote.RespondErrorAsync(context, status, code, context.Items[CustomerKey.Refusal] as string
                ?? CustomerKey.MessageOf(code));
        }
        else if (response is not null)
        {
            context.Response.ContentLength = response.Length;
            if (context.Request.Method != "HEAD")
            {
                await context.Response.Body.WriteAsync(response);
            }
        }
    }

    /// <returns>Whether the call continues.</returns>
    private static async Task<bool> RunAsync(Func<StoreCall, Task>? hook, StoreCall call, HttpContext context)
    {
        try
        {
            await (hook?.Invoke(call).WaitAsync(context.RequestAborted) ?? Task.CompletedTask);
            return true;
        }
        catch (Exception)
        {
            context.Abort();
            return false;
        }
    }

    private (int Status, string Code) Serve(HttpContext context, string bucket, string key, S3Query query, byte[] body,
        out byte[]? response)
    {
        response = null;
        var (method, headers) = (context.Request.Method, context.Response.Headers);
        lock (_lock)
        {
            if (key.Length == 0)
            {
                return method switch
                {
                    "PUT" when _buckets.Add(bucket) => (200, ""),
                    "HEAD" => (_buckets.Contains(bucket) ? 200 : 404, ""),
                    "GET" when !_buckets.Contains(bucket) => (404, "NoSuchBucket"),
                    "GET" when query.Has("versioning") => Versioning(out response),
                    "GET" when query.Has("versions") && !ListsVersions => (400, "NotImplemented"),
                    "GET" when query.Has("versions") && ForbidsVersions => (403, "AccessDenied"),
                    "GET" when query.Has("versions") || query["list-type"] == "2" => List(bucket, query, out response),
                    _ => (501, "NotImplemented"),
                };
            }

            if (!_buckets.Contains(bucket))
            {
                return (404, "NoSuchBucket");
            }

            var versions = Of(bucket, key);
            var id = query["versionId"];
            switch (method)
            {
                case "PUT" when query.Parameters.Count == 0 && context.Request.Headers["x-amz-copy-source"] is [{ } source]:
                    if (SourceOf(source) is not { Bytes: { } copied } from)
                    {
                        return (404, "NoSuchVersion");
                    }

                    if (JudgeKey(context, from.CustomerKey, CustomerKey.OfCopySource(context.Request.Headers)) is { } withheld)
                    {
                        return withheld;
                    }

                    var copy = Add(versions, copied, headers, CustomerKey.Of(context.Request.Headers));
                    response = new S3XmlWriter().Root("CopyObjectResult").Element("ETag", copy.ETag!).Close("CopyObjectResult").Content
                        .ToArray();
                    return (200, "");
                case "PUT" when query.Parameters.Count == 0:
                    headers.ETag = Add(versions, body, headers, CustomerKey.Of(context.Request.Headers)).ETag;
                    return (200, "");
                case "DELETE" when id is null && JudgesDeletes && context.Request.Headers.IfMatch is [{ } etag]
                    && versions.LastOrDefault()?.ETag != etag:
                    return (412, "PreconditionFailed");
                case "DELETE" when id is null:
                    Add(versions, null, headers);
                    return (204, "");
                case "DELETE" when FailingVersionDeletes > 0:
                    FailingVersionDeletes--;
                    return (503, "SlowDown");
                case "DELETE" when LocksVersions && context.Request.Headers["x-amz-bypass-governance-retention"] != "true":
                    return (403, "AccessDenied");
                case "DELETE":
                    Tell(versions.FirstOrDefault(version => version.Id == id), headers);
                    versions.RemoveAll(version => version.Id == id);
                    return (204, "");
                case "GET" or "HEAD" when query.Parameters.Count == (id is null ? 0 : 1):
                    var found = id is null ? versions.LastOrDefault() : versions.FirstOrDefault(version => version.Id == id);
                    found = DeniesMarkers && found?.Bytes is null ? null : found;
                    if (found?.Bytes is not null
                        && JudgeKey(context, found.CustomerKey, CustomerKey.Of(context.Request.Headers)) is { } refusal)
                    {
                        return refusal;
                    }

                    Tell(found, headers);
                    response = found?.Bytes;
                    headers.ETag = found?.ETag;
                    headers.LastModified = found is null ? default : HttpDates.Header(found.Written);
                    return found is null ? (404, id is null ? "NoSuchKey" : "NoSuchVersion") : found.Bytes is not null ? (200, "")
                        : id is null ? (404, "NoSuchKey") : (405, "MethodNotAllowed");
                default:
                    return (501, "NotImplemented");
            }
        }
    }

    private (int Status, string Code) Versioning(out byte[] response)
    {
        if (TellVersioning?.Invoke() is { } told)
        {
            response = System.Text.Encoding.UTF8.GetBytes(told.Text);
            return (told.Status, "");
        }

        response = new S3XmlWriter().Root("VersioningConfiguration").Element("Status", IsSuspended ? "Suspended" : "Enabled")
            .Close("VersioningConfiguration").Content.ToArray();
        return (200, "");
    }

    private List<StoredVersion> Of(string bucket, string key)
    {
        if (!_keys.TryGetValue((bucket, key), out var versions))
        {
            _keys[(bucket, key)] = versions = [];
        }

        return versions;
    }

    private (int Status, string Code) List(string bucket, S3Query query, out byte[] response)
    {
        var keys = new SortedDictionary<string, IReadOnlyList<StoredVersion>>(Utf8Order.Instance);
        foreach (var (name, versions) in _keys)
        {
            if (name.Bucket == bucket && versions.Count > 0)
            {
                keys[name.Key] = versions;
            }
        }

        response = query.Has("versions") ? VersionedListing.Versions(keys, query, ListsInGroups, TakesNextKeysVersion)
            : VersionedListing.Objects(keys, query);
        return (200, "");
    }

    private StoredVersion? SourceOf(string source)
    {
        var parts = Uri.UnescapeDataString(source).TrimStart('/').Split("?versionId=");
        var slash = parts[0].IndexOf('/', StringComparison.Ordinal);
        var versions = Of(parts[0][..slash], parts[0][(slash + 1)..]);
        return parts.Length == 1 ? versions.LastOrDefault() : versions.FirstOrDefault(version => version.Id == parts[1]);
    }

    private (int Status, string Code)? JudgeKey(HttpContext context, string? needed, string? brought)
    {
        if (CustomerKey.Judge(needed, brought) is null || !RefusesKeysAsCeph)
        {
            return CustomerKey.Judge(needed, brought);
        }

        context.Items[CustomerKey.Refusal] = CustomerKey.MessageOfCeph(brought);
        return (400, "InvalidArgument");
    }

    private StoredVersion Add(List<StoredVersion> versions, byte[]? bytes, IHeaderDictionary headers, string? customerKey = null)
    {
        var version = Add(versions, bytes, customerKey);
        Tell(version, headers);
        return version;
    }

    private StoredVersion Add(List<StoredVersion> versions, byte[]? bytes, string? customerKey = null)
    {
        if (IsSuspended)
        {
            versions.RemoveAll(static version => version.Id == "null");
        }

        var version = new StoredVersion(IsSuspended ? "null" : ListsInGroups ? $"01K{++_last:d23}" : $"version{++_last}", bytes)
            { CustomerKey = customerKey, Written = Now };
        versions.Add(version);
        return version;
    }

    private static void Tell(StoredVersion? version, IHeaderDictionary headers)
    {
        if (version is not null)
        {
            headers["x-amz-version-id"] = version.Id;
            if (version.Bytes is null)
            {
                headers["x-amz-delete-marker"] = "true";
            }
        }
    }

    /// <summary>A version of a key.</summary>
    /// <param name="Bytes">Its bytes; null for a delete marker.</param>
    public sealed record StoredVersion(string Id, byte[]? Bytes)
    {
        /// <summary>The MD5 of the customer key that encrypts it, or null.</summary>
        public string? CustomerKey { get; init; }

        /// <summary>When it was written.</summary>
        public required DateTimeOffset Written { get; init; }

        public string? ETag => Bytes is null ? null : $"\"{Convert.ToHexStringLower(MD5.HashData(Bytes))}\"";
    }
}
