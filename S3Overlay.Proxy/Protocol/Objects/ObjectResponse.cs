using System.Globalization;

using Microsoft.AspNetCore.Http;

namespace S3Overlay.Proxy.Protocol.Objects;

/// <summary>
/// Sets status and headers of a GET or HEAD: conditions, ranges, <c>response-*</c> overrides, checksums. The same for every layer, so that
/// an object looks the same wherever its bytes come from (rules T1, R6).
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

    /// <summary>Sets status and headers.</summary>
    /// <returns>The bytes to send; null if there is no body (HEAD, 304, an empty object).</returns>
    /// <exception cref="S3Exception">PreconditionFailed, InvalidRange, or InvalidArgument for an invalid override.</exception>
    public static ByteRange? Prepare(S3Request request, S3Response response, ObjectInfo info)
    {
        switch (ReadConditions.Judge(request, info.ETag, info.LastModified))
        {
            case ConditionOutcome.PreconditionFailed:
                throw ReadConditions.Failure(request.Headers);
            case ConditionOutcome.NotModified:
                response.Status = StatusCodes.Status304NotModified;
                WriteValidators(response, info);
                foreach (var name in (ReadOnlySpan<string>)["Cache-Control", "Expires"])
                {
                    if (info.Header(name) is { } value)
                    {
                        response.Headers[name] = value;
                    }
                }

                return null;
        }

        var range = EffectiveRange(request, info);
        ByteRange? bytes;
        if (range is { } wanted)
        {
            bytes = wanted.Resolve(info.Size) ?? throw Unsatisfiable(request, info.Size);
            response.Status = StatusCodes.Status206PartialContent;
            response.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture,
                $"bytes {bytes.Value.First}-{bytes.Value.Last}/{info.Size}");
        }
        else
        {
            bytes = info.Size == 0 ? null : new ByteRange(0, info.Size - 1);
            response.Status = StatusCodes.Status200OK;
            WriteChecksums(request, response, info);
        }

        WriteValidators(response, info);
        foreach (var header in info.Headers)
        {
            response.Headers.AppendAsIs(header.Key, header.Value);
        }

        response.Headers.AcceptRanges = "bytes";
        WriteOverrides(request, response);
        response.Headers.ContentLength = bytes?.Length ?? 0;
        return request.IsHead ? null : bytes;
    }

    /// <summary>
    /// Whether a prepared response sends the object's bytes, even if there are none: not a HEAD or 304. Only a GET proves that an object is
    /// empty.
    /// </summary>
    public static bool SendsBody(S3Request request, S3Response response) =>
        !request.IsHead && response.Status != StatusCodes.Status304NotModified;

    /// <summary>Whether the response should show checksums that are not known yet. Ranges, 304 and 412 show none.</summary>
    public static bool LacksChecksums(S3Request request, ObjectInfo info) =>
        !info.AreChecksumsKnown && AsksForChecksums(request) && EffectiveRange(request, info) is null
        && ReadConditions.Judge(request, info.ETag, info.LastModified) == ConditionOutcome.Pass;

    /// <summary>The range to send; null if If-Range names another version (RFC 9110, section 13.1.5).</summary>
    public static RangeHeader? EffectiveRange(S3Request request, ObjectInfo info)
    {
        if (RangeHeader.Parse(request.Header("Range")) is not { } range)
        {
            return null;
        }

        var ifRange = request.Header("If-Range");
        if (ifRange is null)
        {
            return range;
        }

        var same = HttpDates.TryParseHeader(ifRange, out var date)
            ? HttpDates.WholeSeconds(info.LastModified) == date
            : !ETags.IsWeak(ifRange) && ETags.Same(ifRange, info.ETag);
        return same ? range : null;
    }

    /// <summary>S3's 416, with the size that the client needs for another try.</summary>
    public static S3Exception Unsatisfiable(S3Request request, long size) => new(S3Errors.InvalidRange)
    {
        Details =
        [
            new("RangeRequested", request.Header("Range") ?? ""),
            new("ActualObjectSize", size.ToString(CultureInfo.InvariantCulture)),
        ],
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

    /// <summary>Rejects overrides in unsigned requests: a link that chooses its own content type lets stored scripts run.</summary>
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

    private static void WriteOverrides(S3Request request, S3Response response)
    {
        foreach (var (query, header) in Overrides)
        {
            if (request.Query[query] is not { } value)
            {
                continue;
            }

            if (value.AsSpan().ContainsAny('\r', '\n', '\0'))
            {
                throw new S3Exception(S3Errors.InvalidArgument, $"The value of {query} is not a valid header value.");
            }

            response.Headers[header] = HeaderText.FromText(value);
        }
    }
}
