using System.Globalization;

using Microsoft.AspNetCore.Http;

namespace S3Overlay.Proxy.Protocol.Objects;

/// <summary>
/// Maps an object and a request to the status and headers of a GET or HEAD: conditions, ranges, <c>response-*</c> overrides, checksums.
/// Used by every layer, so that an object looks the same wherever its bytes come from (rules T1, R6).
/// </summary>
public static class ObjectResponse
{
    private static readonly (string Query, string Header)[] Overrides =
    [
        ("response-content-type", "Content-Type"),
        ("response-content-language", "Content-Language"),
        ("response-expires", "Expires"),
        ("response-cache-control", "Cache-Control"),
        ("response-content-disposition", "Content-Disposition"),
        ("response-content-encoding", "Content-Encoding"),
    ];

    /// <summary>Decides and writes status and headers.</summary>
    /// <returns>The bytes to send after them; null if the response has no body (HEAD, 304, an empty object).</returns>
    /// <exception cref="S3Exception">As <see cref="Decide"/>.</exception>
    public static ByteRange? Prepare(S3Request request, S3Response response, ObjectInfo info)
    {
        var reply = Decide(request, info, RangeHeader.Parse(request.Header("Range")));
        Write(request, response, info, reply);
        return request.IsHead ? null : reply.Bytes;
    }

    /// <summary>Decides what to send of an object. Writes nothing.</summary>
    /// <param name="request">The request: its conditions and overrides are judged.</param>
    /// <param name="info">The version to send.</param>
    /// <param name="range">The request's Range header.</param>
    /// <exception cref="S3Exception">PreconditionFailed, InvalidRange, or InvalidArgument for an override that cannot be sent.</exception>
    public static ObjectReply Decide(S3Request request, ObjectInfo info, RangeHeader? range)
    {
        switch (ReadConditions.Judge(request, info.ETag, info.LastModified))
        {
            case ConditionOutcome.PreconditionFailed:
                throw ReadConditions.Failure(request.Headers);
            case ConditionOutcome.NotModified:
                return new ObjectReply(StatusCodes.Status304NotModified, null, HasChecksums: false);
        }

        var part = EffectiveRange(request, info, range) is { } wanted
            ? wanted.Resolve(info.Size) ?? throw Unsatisfiable(request, info.Size)
            : default(ByteRange?);
        CheckOverrides(request);
        return part is not null
            ? new ObjectReply(StatusCodes.Status206PartialContent, part, HasChecksums: false)
            : new ObjectReply(StatusCodes.Status200OK, info.Size == 0 ? null : new ByteRange(0, info.Size - 1), HasChecksums: true);
    }

    /// <summary>Writes the status and headers that were decided.</summary>
    public static void Write(S3Request request, S3Response response, ObjectInfo info, ObjectReply reply)
    {
        response.Status = reply.Status;
        WriteValidators(response, info);
        if (reply.Status == StatusCodes.Status304NotModified)
        {
            foreach (var name in (ReadOnlySpan<string>)["Cache-Control", "Expires"])
            {
                if (info.Header(name) is { } value)
                {
                    response.Headers[name] = value;
                }
            }

            return;
        }

        if (reply is { Status: StatusCodes.Status206PartialContent, Bytes: { } bytes })
        {
            response.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes {bytes.First}-{bytes.Last}/{info.Size}");
        }

        if (reply.HasChecksums)
        {
            WriteChecksums(request, response, info);
        }

        foreach (var header in info.Headers)
        {
            Append(response.Headers, header.Key, header.Value);
        }

        response.Headers.AcceptRanges = "bytes";
        WriteOverrides(request, response);
        response.Headers.ContentLength = reply.Bytes?.Length ?? 0;
    }

    /// <summary>True if the response would show checksums that are not known. Ranges, 304 and 412 show none.</summary>
    public static bool LacksChecksums(S3Request request, ObjectInfo info, RangeHeader? range) =>
        !info.AreChecksumsKnown && AsksForChecksums(request)
        && EffectiveRange(request, info, range) is null
        && ReadConditions.Judge(request, info.ETag, info.LastModified) == ConditionOutcome.Pass;

    /// <summary>
    /// The range wanted of this version; null for all of it, also if If-Range names another version (RFC 9110, section 13.1.5).
    /// </summary>
    public static RangeHeader? EffectiveRange(S3Request request, ObjectInfo info, RangeHeader? range)
    {
        if (range is null || request.Header("If-Range") is not { } ifRange)
        {
            return range;
        }

        var same = HttpDates.TryParseHeader(ifRange, out var date)
            ? HttpDates.WholeSeconds(info.LastModified) == date
            : !ETags.IsWeak(ifRange) && ETags.Same(ifRange, info.ETag);
        return same ? range : null;
    }

    /// <summary>S3's 416, with the object's size.</summary>
    public static S3Exception Unsatisfiable(S3Request request, long size) => new(S3Errors.InvalidRange)
    {
        Details =
        [new("RangeRequested", request.Header("Range") ?? ""), new("ActualObjectSize", size.ToString(CultureInfo.InvariantCulture))],
        Headers = [new("Content-Range", string.Create(CultureInfo.InvariantCulture, $"bytes */{size}"))],
    };

    private static void WriteValidators(S3Response response, ObjectInfo info)
    {
        if (info.ETag.Length > 0)
        {
            response.Headers.ETag = info.ETag;
        }

        response.Headers.LastModified = HttpDates.Header(info.LastModified);
    }

    private static bool AsksForChecksums(S3Request request) =>
        string.Equals(request.Header("x-amz-checksum-mode"), "ENABLED", StringComparison.OrdinalIgnoreCase);

    private static void WriteChecksums(S3Request request, S3Response response, ObjectInfo info)
    {
        if (info.Checksums.Count == 0 || !AsksForChecksums(request))
        {
            return;
        }

        foreach (var checksum in info.Checksums)
        {
            response.Headers[Bodies.ChecksumNames.Header(checksum.Algorithm)] = checksum.Value;
        }

        if (info.ChecksumType is { } type)
        {
            response.Headers["x-amz-checksum-type"] = type;
        }
    }

    /// <summary>Refuses unsigned overrides: an unsigned link that chooses its content type can run a stored script.</summary>
    /// <exception cref="S3Exception">InvalidRequest.</exception>
    public static void RefuseOverrides(S3Query query)
    {
        foreach (var (name, _) in Overrides)
        {
            if (query.Has(name))
            {
                throw new S3Exception(
                    S3Errors.InvalidRequest, "Request specific response headers cannot be used for anonymous GET requests.");
            }
        }
    }

    /// <summary>Adds a value to a header. An empty value creates the header.</summary>
    private static void Append(IHeaderDictionary headers, string name, string value)
    {
        if (value.Length > 0)
        {
            headers.Append(name, value);
        }
        else if (!headers.ContainsKey(name))
        {
            headers.SetAsIs(name, value);
        }
    }

    private static void CheckOverrides(S3Request request)
    {
        foreach (var (query, _) in Overrides)
        {
            if (request.Query[query] is { } value && value.AsSpan().ContainsAny('\r', '\n', '\0'))
            {
                throw new S3Exception(S3Errors.InvalidArgument, $"The value of {query} is not a valid header value.");
            }
        }
    }

    private static void WriteOverrides(S3Request request, S3Response response)
    {
        foreach (var (query, header) in Overrides)
        {
            if (request.Query[query] is { } value)
            {
                response.Headers[header] = HeaderText.FromText(value);
            }
        }
    }
}

/// <summary>What a GET or HEAD sends of an object.</summary>
/// <param name="Status">200, 206 or 304.</param>
/// <param name="Bytes">The bytes selected, also of a HEAD; null for none.</param>
/// <param name="HasChecksums">Whether the object's checksums may be shown.</param>
public readonly record struct ObjectReply(int Status, ByteRange? Bytes, bool HasChecksums);
