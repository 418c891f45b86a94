using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol.Access;
using S3Overlay.Proxy.Protocol.Authentication;
using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Protocol;

/// <summary>One S3 request, authenticated and parsed. Its body is decoded and checked while it is read.</summary>
public record S3Request
{
    /// <summary>The operation.</summary>
    public required S3Operation Operation { get; init; }

    /// <summary>The HTTP method as sent, upper case.</summary>
    public required string Method { get; init; }

    /// <summary>The bucket; empty for requests to the service (ListBuckets).</summary>
    public required string Bucket { get; init; }

    /// <summary>The object key, percent-decoded once; empty for requests to a bucket. Never a path.</summary>
    public required string Key { get; init; }

    /// <summary>The query, in the order sent.</summary>
    public required S3Query Query { get; init; }

    /// <summary>The headers, with values as Latin-1 so that bytes survive.</summary>
    public required IHeaderDictionary Headers { get; init; }

    /// <summary>The caller.</summary>
    public required S3Caller Caller { get; init; }

    /// <summary>The body; <see cref="S3Body.Empty"/> if there is none.</summary>
    public required S3Body Body { get; init; }

    /// <summary>The id in the response and the logs.</summary>
    public required string RequestId { get; init; }

    /// <summary>A request of the overlay's own, without headers and body.</summary>
    /// <param name="id">Names the work in place of a request id.</param>
    public static S3Request OfOverlay(string id, S3Operation operation, string method, string bucket, string key, string query) => new()
    {
        Operation = operation,
        Method = method,
        Bucket = bucket,
        Key = key,
        Query = S3Query.Parse(query),
        Headers = new HeaderDictionary(),
        Caller = S3Caller.Overlay,
        Body = S3Body.Empty,
        RequestId = id,
        Address = new S3Address("http", "localhost", false),
    };

    /// <summary>When the request arrived. <see cref="DateTimeOffset.MaxValue"/> unless a client sent it.</summary>
    public DateTimeOffset Received { get; init; } = DateTimeOffset.MaxValue;

    /// <summary>The address that the client used, for locations in responses.</summary>
    public required S3Address Address { get; init; }

    /// <summary>In place of a key: the bucket with all its keys.</summary>
    public const string WholeBucket = "";

    /// <summary>
    /// Whether the caller may write a key that only the body names (DeleteObjects), or <see cref="WholeBucket"/>: rights can be narrower
    /// than a bucket.
    /// </summary>
    public Func<string, bool> MayWrite { get; init; } = static _ => true;

    /// <summary>For reads, which ask for no right to write.</summary>
    public static readonly Func<string, bool> MayWriteNothing = static _ => false;

    /// <summary>Whether the caller may delete a key or version that only the body names (DeleteObjects).</summary>
    public Func<string, string?, bool> MayDelete { get; init; } = MayDeleteAll;

    /// <summary>Called with what DeleteObjects did with each key or version; null if that is not asked for.</summary>
    public Action<string, string?, S3Error?>? Deleted { get; init; }

    /// <summary>For callers that may delete everything.</summary>
    public static readonly Func<string, string?, bool> MayDeleteAll = static (_, _) => true;

    /// <summary>
    /// Whether only a policy or an ACL allows the request, in a bucket whose remote is not for others: the local layer alone serves it.
    /// </summary>
    public bool IsOfWritten { get; init; }

    /// <summary>The same of a copy's source: only a written object may be copied.</summary>
    public bool CopiesWritten { get; init; }

    /// <summary>The account of an object's owner, by its id; null is the bucket's owner.</summary>
    public Func<string?, Account> Owners { get; init; } = OneOwner;

    /// <summary>Where the account of keys without an id owns everything.</summary>
    public static readonly Func<string?, Account> OneOwner = static id => id is null ? Account.Default : new Account(id, "");

    /// <summary>The account that owns what the request creates; null for the one of keys without an id.</summary>
    public Account? Account { get; init; }

    /// <summary>Whether ListBuckets shows the caller a bucket; null if it shows all (rule A2).</summary>
    public Func<string, bool>? MaySee { get; init; }

    /// <summary>Whether the caller may write every key. If not, a service that does not check each key must reject the request.</summary>
    public bool MayWriteAll { get; init; } = true;

    /// <summary>
    /// Whether the caller asks to end governance retention (<c>x-amz-bypass-governance-retention</c>), and has the right to.
    /// </summary>
    public bool BypassesGovernance { get; init; }

    /// <summary>
    /// Whether the version that it deletes must stay if there is no newer one. Only the proxy's own requests ask for this.
    /// </summary>
    public bool OnlyNoncurrent { get; init; }

    /// <summary>
    /// Whether the remote's object stays hidden when the delete marker that hides it is deleted. Only the proxy's own requests ask for
    /// this.
    /// </summary>
    public bool KeepsTombstone { get; init; }

    /// <summary>Whether the response has headers only.</summary>
    public bool IsHead => Method == "HEAD";

    /// <summary>
    /// Whether it uploads an archive that some stores (MinIO, RustFS) unpack: the archive names the keys of the resulting objects, which no
    /// check authorised. Other stores treat the header as plain metadata. Stores disagree which values mean yes, so any counts.
    /// </summary>
    /// <remarks>https://docs.aws.amazon.com/snowball/latest/developer-guide/batching-small-files.html</remarks>
    public bool IsArchiveUpload => Method == "PUT" && Headers.ContainsKey("x-amz-meta-snowball-auto-extract");

    /// <summary>The same request with a header set.</summary>
    public S3Request With(string header, string value)
    {
        var headers = Copy();
        headers[header] = value;
        return this with { Headers = headers };
    }

    /// <summary>The same request without some headers.</summary>
    public S3Request Without(params ReadOnlySpan<string> headers)
    {
        var left = Copy();
        foreach (var header in headers)
        {
            left.Remove(header);
        }

        return this with { Headers = left };
    }

    /// <summary>The value of a header; null if it is absent.</summary>
    public string? Header(string name)
    {
        var values = Headers[name];
        return values.Count == 0 ? null : values.Count == 1 ? values[0] : string.Join(",", values.ToArray());
    }

    private HeaderDictionary Copy()
    {
        var headers = new HeaderDictionary(Headers.Count + 1);
        foreach (var each in Headers)
        {
            headers[each.Key] = each.Value;
        }

        return headers;
    }
}
