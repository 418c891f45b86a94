using System.Collections.Frozen;
using System.Globalization;
using System.Net.Http.Headers;
using System.Xml;
using System.Xml.Linq;

using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.Endpoints;

/// <summary>An endpoint's response: status and headers as they arrived, body not yet read.</summary>
internal sealed class WireResponse(HttpResponseMessage message) : IDisposable
{
    /// <summary>Error documents are a few hundred bytes. More than this is not read.</summary>
    private const int LongestError = 64 << 10;

    private static readonly XmlReaderSettings ErrorSettings = new()
    {
        Async = true, DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, MaxCharactersInDocument = LongestError,
        CheckCharacters = false,
    };

    /// <summary>Headers of the connection or the request, and not of the object.</summary>
    private static readonly FrozenSet<string> NotTheObjects = new[]
    {
        "Content-Length", "Content-Range", "ETag", "Last-Modified", "Accept-Ranges", "Date", "Server", "Connection", "Keep-Alive",
        "Transfer-Encoding", "Trailer", "Upgrade", "Proxy-Connection", "Via", "Age", "Vary", "Strict-Transport-Security", "Alt-Svc",
        "Content-Security-Policy", "X-Content-Type-Options", "X-Xss-Protection", "x-amz-request-id", "x-amz-id-2", "x-amz-bucket-region",
        "x-amz-checksum-type", "x-amz-request-charged", "x-cache", "x-s3overlay-layer", "Set-Cookie", "Set-Cookie2", "x-served-by",
        "x-cache-hits", "x-timer", "Server-Timing", "Nel", "Report-To", "X-Ratelimit-Limit", "X-Ratelimit-Remaining", "X-Trans-Id",
        "X-Openstack-Request-Id",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>CORS headers, those of content delivery networks (CloudFront, Cloudflare), and metadata of an overlay's own.</summary>
    private static readonly string[] FamiliesNotTheObjects = ["Access-Control-", "x-amz-cf-", "cf-", "x-amz-meta-s3overlay-"];

    private WireError? _error;

    public HttpResponseMessage Message => message;

    public int Status => (int)message.StatusCode;

    /// <summary>All headers of the response and its content. The order of names is undefined.</summary>
    public IEnumerable<KeyValuePair<string, string>> Headers
    {
        get
        {
            foreach (var headers in new[] { message.Headers.NonValidated, message.Content.Headers.NonValidated })
            {
                foreach (var header in headers)
                {
                    foreach (var value in header.Value)
                    {
                        yield return new(header.Key, value);
                    }
                }
            }
        }
    }

    /// <summary>Whether the endpoint is a cache, another S3Overlay perhaps, and has the object from there.</summary>
    public bool IsCached => Header(OriginHeaders.Cache) is "HIT" or "REVALIDATED" or "STALE";

    public long? ContentLength => TryParse(Header("Content-Length"), out var length) ? length : null;

    /// <summary>
    /// The range of Content-Range (<c>bytes 0-9/100</c>) and the size of the whole object; null without a size (RFC 9110, section 14.4).
    /// </summary>
    public (ByteRange Range, long Total)? ContentRange
    {
        get
        {
            const string Unit = "bytes ";
            if (Header("Content-Range") is not { } header || !header.StartsWith(Unit, StringComparison.OrdinalIgnoreCase))
            {
                return null;
            }

            var text = header.AsSpan(Unit.Length).Trim();
            var (dash, slash) = (text.IndexOf('-'), text.IndexOf('/'));
            return dash > 0 && slash > dash && TryParse(text[..dash], out var first) && TryParse(text[(dash + 1)..slash], out var last)
                && TryParse(text[(slash + 1)..], out var total) && first <= last && last < total
                ? (new ByteRange(first, last), total) : null;
        }
    }

    /// <summary>The size that a 416 names: <c>bytes */100</c>.</summary>
    private long? ActualSize => Header("Content-Range") is { } header && header.StartsWith("bytes */", StringComparison.OrdinalIgnoreCase)
        && TryParse(header.AsSpan(8), out var size) ? size : null;

    public string? Header(string name) =>
        message.Headers.NonValidated.TryGetValues(name, out var values)
            || message.Content.Headers.NonValidated.TryGetValues(name, out values)
            ? values.ToString() : null;

    /// <summary>
    /// The headers that show clients the version id and date of the delete marker that an error response is about; null if it is about
    /// none.
    /// </summary>
    /// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeleteMarker.html</remarks>
    public List<KeyValuePair<string, string>>? DeleteMarker() => Header("x-amz-delete-marker") != "true" ? null :
    [
        new("x-amz-delete-marker", "true"),
        .. new[] { "x-amz-version-id", "Last-Modified" }
            .Where(name => Header(name) is not null).Select(name => KeyValuePair.Create(name, Header(name)!)),
    ];

    /// <summary>Reads the metadata of the object from the response to a GET or HEAD of it.</summary>
    /// <param name="size">The whole object's size.</param>
    public ObjectInfo ObjectInfo(long size)
    {
        var headers = new List<KeyValuePair<string, string>>();
        var checksums = new List<BodyChecksum>();
        foreach (var header in Headers)
        {
            if (header.Key.StartsWith("x-amz-checksum-", StringComparison.OrdinalIgnoreCase))
            {
                foreach (var algorithm in ChecksumNames.All)
                {
                    if (header.Key.Equals(ChecksumNames.Header(algorithm), StringComparison.OrdinalIgnoreCase))
                    {
                        checksums.Add(new BodyChecksum(algorithm, header.Value));
                    }
                }
            }
            else if (!NotTheObjects.Contains(header.Key)
                && !Array.Exists(FamiliesNotTheObjects, family => header.Key.StartsWith(family, StringComparison.OrdinalIgnoreCase)))
            {
                headers.Add(header);
            }
        }

        return new ObjectInfo
        {
            Size = size,
            ETag = Header("ETag") ?? "",
            LastModified = HttpDates.TryParseHeader(Header("Last-Modified"), out var date) ? date : DateTimeOffset.UnixEpoch,
            Headers = headers,
            Checksums = checksums,
            ChecksumType = Header("x-amz-checksum-type")
                ?? (checksums.Count == 0 ? null : checksums[0].Value.Contains('-', StringComparison.Ordinal) ? "COMPOSITE" : "FULL_OBJECT"),
        };
    }

    public Task<Stream> BodyAsync(CancellationToken cancellationToken) => message.Content.ReadAsStreamAsync(cancellationToken);

    /// <summary>Reads a document within the endpoint's budget.</summary>
    /// <exception cref="RemoteException">Unavailable if the body ends early or takes too long.</exception>
    public async Task<T> ReadAsync<T>(EndpointSettings settings, TimeProvider time, Func<Stream, CancellationToken, Task<T>> read,
        CancellationToken cancellationToken)
    {
        using var budget = new CancellationTokenSource(settings.Budget, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, budget.Token);
        try
        {
            await using var body = await BodyAsync(both.Token);
            return await read(new DocumentStream(body, long.MaxValue, both.Token), both.Token);
        }
        catch (Exception broken)
            when (broken is IOException or HttpRequestException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            throw new RemoteException(RemoteFailure.Unavailable,
                $"The {settings.Role} {settings.Name} {(broken is OperationCanceledException ? "stopped" : "broke off")} within an answer.",
                broken);
        }
    }

    /// <summary>The error document. Read once.</summary>
    public async ValueTask<WireError> ErrorAsync(CancellationToken cancellationToken) => _error ??= await ReadErrorAsync(cancellationToken);

    /// <summary>What a response of status 300 or above means. Responses to HEAD have no document.</summary>
    public async ValueTask<RemoteException> FailureAsync(CancellationToken cancellationToken, bool isHead = false)
    {
        // 405 has only one code: S3 sends it for a delete marker.
        var error = !isHead ? await ErrorAsync(cancellationToken)
            : new WireError(Status == S3Errors.MethodNotAllowed.Status ? S3Errors.MethodNotAllowed.Code : "", "", null);
        return new RemoteException(ErrorCodes.Classify(Status, error.Code), error.Message.Length > 0 ? error.Message
            : $"The remote answered {Status} {error.Code}".TrimEnd() + ".")
        {
            Status = Status,
            Code = error.Code,
            LastModified = Status == 304 && HttpDates.TryParseHeader(Header("Last-Modified"), out var date) ? date : null,
            DeleteMarker = Status == 405 ? DeleteMarker() ?? [] : [],
            ActualSize = Status == 416 ? ActualSize : null,
        };
    }

    public void Dispose() => message.Dispose();

    private async Task<WireError> ReadErrorAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var body = await BodyAsync(cancellationToken);
            using var reader = XmlReader.Create(new DocumentStream(body, LongestError, cancellationToken), ErrorSettings);
            var root = await XElement.LoadAsync(reader, LoadOptions.None, cancellationToken);
            string? Text(string name) => root.Elements().FirstOrDefault(e => e.Name.LocalName == name)?.Value;
            return new WireError(Text("Code") ?? "", Text("Message") ?? "", Text("Region"));
        }
        catch (Exception e) when (e is XmlException or IOException or HttpRequestException)
        {
            // HEAD has no document, and gateways send HTML. Only the status is left.
            return new WireError("", "", null);
        }
    }

    private static bool TryParse(ReadOnlySpan<char> text, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    /// <summary>A document, up to a limit. XML readers pass no cancellation token on: this stream adds it.</summary>
    private sealed class DocumentStream(Stream inner, long limit, CancellationToken end) : ForwardStream
    {
        private long _left = limit;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await inner.ReadAsync(buffer[..(int)Math.Min(buffer.Length, _left)], end);
            _left -= read;
            return read;
        }
    }
}

/// <summary>An S3 error document.</summary>
/// <param name="Code">The S3 error code; empty if there is none.</param>
/// <param name="Message">The message for people; empty if there is none.</param>
/// <param name="Region">The region that the error names as the right one; null for none.</param>
internal sealed record WireError(string Code, string Message, string? Region);
