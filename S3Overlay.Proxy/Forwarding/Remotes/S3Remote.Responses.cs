using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.Remotes;

/// <content>Turns responses to reads into objects and documents, and rejects what cannot be a response to the request.</content>
public sealed partial class S3Remote
{
    private const int LongestDocument = 1 << 20;

    /// <summary>True if a sub-resource is requested (<c>?acl</c>, <c>?tagging</c>) and not the object, a version or a part.</summary>
    private static bool IsDocument(RemoteRead read)
    {
        foreach (var part in read.Query.AsSpan().Split('&'))
        {
            var parameter = read.Query.AsSpan()[part];
            if (!parameter.IsEmpty && !parameter.StartsWith("versionId", StringComparison.Ordinal)
                && !parameter.StartsWith("partNumber", StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A document. S3 sends these small documents without length, ETag or date. One that ends early is an error.</summary>
    private async Task<RemoteObject> DocumentAsync(WireResponse response, CancellationToken cancellationToken)
    {
        var mayBeObject = response.Header("ETag") is not null;
        if (mayBeObject && (response.Header("Accept-Ranges") is not null || response.ContentLength > LongestDocument))
        {
            throw IsTheObject();
        }

        var bytes = new byte[LongestDocument + 1];
        int length;
        try
        {
            await using var body = await response.BodyAsync(cancellationToken);
            length = await body.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellationToken);
        }
        catch (Exception failure) when (failure is IOException or HttpRequestException)
        {
            throw new RemoteException(RemoteFailure.BodyBroken, $"The {settings.Role} {settings.Name} broke off within a document.",
                failure);
        }

        if (mayBeObject && length > LongestDocument)
        {
            throw IsTheObject();
        }

        if (length > LongestDocument || (response.ContentLength is { } promised && promised != length))
        {
            throw Nonsense("a document of another length than documents have");
        }

        var info = response.ObjectInfo(length);
        var status = response.Status;
        response.Dispose();
        return new RemoteObject(info, status, length == 0 ? null : new ByteRange(0, length - 1),
            new MemoryStream(bytes, 0, length, writable: false));
    }

    /// <summary>A store that does not know a sub-resource takes no notice of it, and sends the object (Ceph, of ?attributes).</summary>
    private static RemoteException IsTheObject() => new(RemoteFailure.Other, "The remote does not know this sub-resource.")
        { Status = 501, Code = "NotImplemented" };

    /// <summary>An object, or a part of it.</summary>
    /// <param name="response">The response. Disposed with the object.</param>
    /// <returns>The object; Changed if it is of another version.</returns>
    /// <exception cref="RemoteException">Unavailable: it cannot be a response to the request.</exception>
    private RemoteResult Object(WireResponse response, RemoteRead read)
    {
        ByteRange? range;
        long total;
        if (response.Status == 206 && IsEmptyFirstPart(response, read))
        {
            (range, total) = (null, 0);
        }
        else if (response.Status == 206)
        {
            var got = response.ContentRange ?? throw Nonsense("206 without a valid Content-Range");
            (range, total) = (got.Range, got.Total);
            if (response.ContentLength is { } length && length != got.Range.Length)
            {
                throw Nonsense("a Content-Length that is not that of its Content-Range");
            }

            if (read.Range is { } asked && RangeHeader.Parse(asked) is { } wanted && wanted.Resolve(total) is var expected
                && expected != range)
            {
                throw Nonsense($"{response.Header("Content-Range")} to a request for {asked}");
            }
        }
        else
        {
            total = response.ContentLength ?? throw Nonsense("an object without Content-Length");
            range = total == 0 ? null : new ByteRange(0, total - 1);
        }

        var info = response.ObjectInfo(total);
        if (response.Status == 206 && read.Range is not null)
        {
            // S3 sends no checksum with a range, or that of a part that the range matches.
            info = info.WithoutChecksums();
        }

        if (read.IfMatch is { } ifMatch && info.ETag.Length > 0 && !ETags.ListHas(ifMatch, info.ETag))
        {
            response.Dispose();
            return new RemoteException(RemoteFailure.Changed, "The remote answered with another version than the one asked for.")
                { Status = response.Status };
        }

        if (info.ETag.Length == 0 && response.Header("Content-Type") is { } type && type.Contains("xml", StringComparison.OrdinalIgnoreCase)
            && response.Header("Last-Modified") is null)
        {
            throw Nonsense("200 with a document that is no object");
        }

        // A part that arrives with 200 does not say where it lies in the object: its rest cannot be requested.
        settings.Meters?.ObjectFound(response.IsCached);
        var heals = response.Status == 206 || !read.NamesPart || info.PartsCount == 0;
        return range is { } bytes
            ? new RemoteObject(info, response.Status, bytes,
                new HealingBody(response, heals ? info.ETag : "", bytes, total, settings, time, ResumeOf(read)))
            : Empty(response, info);
    }

    private static RemoteObject Empty(WireResponse response) => Empty(response, response.ObjectInfo(0));

    private static RemoteObject Empty(WireResponse response, ObjectInfo info) => new(info, response.Status, null, Stream.Null, () =>
    {
        response.Dispose();
        return ValueTask.CompletedTask;
    });

    /// <summary>
    /// True for the empty object that MinIO sends for part 1, without a Content-Range. For later parts nothing would show the object's
    /// size.
    /// </summary>
    private static bool IsEmptyFirstPart(WireResponse response, RemoteRead read) =>
        response is { ContentLength: 0, ContentRange: null } && S3Query.Parse(read.Query)["partNumber"] == "1"
            && response.Header("x-amz-mp-parts-count") is null or "1";

    /// <summary>Reports a response that cannot answer the request.</summary>
    private RemoteException Nonsense(string what) => new(RemoteFailure.Unavailable, $"The {settings.Role} {settings.Name} answered {what}.")
        { IsNonsense = true };
}
