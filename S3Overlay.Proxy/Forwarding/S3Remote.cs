using System.Globalization;

using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding;

/// <summary>Any S3 endpoint as a remote.</summary>
public sealed class S3Remote(EndpointSettings settings, S3WireClient client, TimeProvider time) : IRemote
{
    private const int LongestDocument = 1 << 20;

    /// <summary>After so many answers that cannot be one it is no accident.</summary>
    private const int MaxAnswers = 3;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <inheritdoc/>
    public string Endpoint => settings.Name;

    /// <summary>Whether a refusal to list buckets is an error, and not a remote that shows none (rule B6).</summary>
    public bool TellsRefusals { get; init; }

    /// <inheritdoc/>
    /// <remarks>An answer that cannot be one is asked for again, as one that broke off is.</remarks>
    public async Task<RemoteObject> GetAsync(RemoteRead read, CancellationToken cancellationToken)
    {
        for (var answers = 1; ; answers++)
        {
            try
            {
                return await GetOnceAsync(read, cancellationToken);
            }
            catch (RemoteException failure) when (failure.IsNonsense && answers < MaxAnswers)
            {
                await Task.Delay(answers * Pause, time, cancellationToken);
            }
        }
    }

    private async Task<RemoteObject> GetOnceAsync(RemoteRead read, CancellationToken cancellationToken)
    {
        RefuseLong(read.Key);
        var answer = await client.SendAsync(Request("GET", read), cancellationToken);
        try
        {
            if (answer.Status is not (200 or 206))
            {
                throw await RemoteErrors.ReadAsync(answer, isHead: false, cancellationToken);
            }

            return AsksForDocument(read) ? await DocumentAsync(answer, cancellationToken) : Object(answer, read);
        }
        catch
        {
            answer.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public async Task<RemoteObject> HeadAsync(RemoteRead read, CancellationToken cancellationToken)
    {
        RefuseLong(read.Key);
        using var answer = await client.SendAsync(Request("HEAD", read), cancellationToken);
        if (answer.Status is 200 or 206)
        {
            var total = answer.ContentRange?.Total ?? answer.ContentLength ?? 0;
            return new RemoteObject(ObjectHeaders.Read(answer, total), answer.Status, null, Stream.Null);
        }

        if (answer.Status is 400 or 403)
        {
            // A HEAD has no document that would say why: one byte is asked for, and the answer's document read.
            await using var explained = await GetAsync(read with { Range = "bytes=0-0" }, cancellationToken);
            return new RemoteObject(explained.Info, 200, null, Stream.Null);
        }

        var failure = await RemoteErrors.ReadAsync(answer, isHead: true, cancellationToken);
        throw failure.Failure == RemoteFailure.NoSuchKey && !await BucketExistsAsync(read.Bucket, cancellationToken)
            ? new RemoteException(RemoteFailure.NoSuchBucket, "The bucket does not exist at the remote.") { Status = 404, Code = "NoSuchBucket" }
            : failure;
    }

    /// <inheritdoc/>
    public async Task<RemotePage> ListAsync(RemoteListing listing, CancellationToken cancellationToken)
    {
        using var answer = await client.SendAsync(new WireRequest("GET", listing.Bucket, "", ListingQueries.V2(listing), []), cancellationToken);
        if (answer.Status != 200)
        {
            throw await RemoteErrors.ReadAsync(answer, isHead: false, cancellationToken);
        }

        return await answer.ReadAsync(settings, time, (body, token) => ListingDocument.ReadAsync(body, $"{settings.Role} {settings.Name}", token), cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<bool> BucketExistsAsync(string bucket, CancellationToken cancellationToken)
    {
        using var answer = await client.SendAsync(new WireRequest("HEAD", bucket, "", "", []), cancellationToken);
        return answer.Status switch
        {
            < 300 or 301 or 307 or 403 => true,
            404 => false,
            400 => await IsThereAsync(bucket, cancellationToken),
            _ => throw await RemoteErrors.ReadAsync(answer, isHead: true, cancellationToken),
        };
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<LayerBucket>> ListBucketsAsync(CancellationToken cancellationToken)
    {
        using var answer = await client.SendAsync(new WireRequest("GET", "", "", "", []), cancellationToken);
        if (answer.Status != 200)
        {
            return TellsRefusals ? throw await RemoteErrors.ReadAsync(answer, isHead: false, cancellationToken) : [];
        }

        return await answer.ReadAsync(settings, time, BucketListDocument.ReadAsync, cancellationToken);
    }

    /// <summary>Asks for the buckets, and cares for nothing but that there is an answer: credentials that may not list them are as good as others.</summary>
    /// <exception cref="RemoteException">There is none, only errors of the endpoint's own, or it does not accept the credentials.</exception>
    public async Task PingAsync(CancellationToken cancellationToken)
    {
        WireAnswer answer;
        try
        {
            answer = await client.SendAsync(new WireRequest("GET", "", "", "", []), cancellationToken);
        }
        catch (RemoteException unknown) when (unknown.Failure == RemoteFailure.Other)
        {
            // It knows no such request, and is there to say so.
            return;
        }

        using (answer)
        {
            await RequireCredentialsAsync(answer, cancellationToken);
        }
    }

    private static async Task RequireCredentialsAsync(WireAnswer answer, CancellationToken cancellationToken)
    {
        if (answer.Status >= 400 && await RemoteErrors.ReadAsync(answer, isHead: false, cancellationToken) is { Failure: RemoteFailure.BadCredentials } failure)
        {
            throw failure;
        }
    }

    /// <summary>
    /// A client's key of full length is too long behind the prefix that a mapping puts before it. No object can be there, and what endpoints say of the name is an error in
    /// the request, which the client's was not.
    /// </summary>
    private static void RefuseLong(string key)
    {
        if (ObjectKeys.IsTooLong(key))
        {
            throw new RemoteException(RemoteFailure.NoSuchKey, "No object of the remote can have so long a key.") { Status = 404, Code = "NoSuchKey" };
        }
    }

    /// <summary>A bare 400 may mean a name that no bucket has, or a token that has expired: a listing has a document that tells.</summary>
    private async Task<bool> IsThereAsync(string bucket, CancellationToken cancellationToken)
    {
        using var answer = await client.SendAsync(new WireRequest("GET", bucket, "", "list-type=2&max-keys=0", []), cancellationToken);
        if (answer.Status == 200)
        {
            return true;
        }

        var failure = await RemoteErrors.ReadAsync(answer, isHead: false, cancellationToken);
        return failure.Failure == RemoteFailure.AccessDenied
            || (failure.Failure != RemoteFailure.NoSuchBucket && failure.Code != "InvalidBucketName" ? throw failure : false);
    }

    private static WireRequest Request(string method, RemoteRead read)
    {
        var headers = new List<KeyValuePair<string, string>>(read.Headers) { new("x-amz-checksum-mode", "ENABLED") };
        if (read.Range is { } range)
        {
            headers.Add(new("Range", range));
        }

        if (read.IfMatch is { } ifMatch)
        {
            headers.Add(new("If-Match", ifMatch));
        }

        if (read.IfNoneMatch is { } ifNoneMatch)
        {
            headers.Add(new("If-None-Match", ifNoneMatch));
        }

        return new WireRequest(method, read.Bucket, read.Key, read.Query, headers);
    }

    /// <summary>Whether a sub-resource is asked for (<c>?acl</c>, <c>?tagging</c>) rather than the bytes of the object, of a version or of a part.</summary>
    private static bool AsksForDocument(RemoteRead read)
    {
        foreach (var part in read.Query.AsSpan().Split('&'))
        {
            var parameter = read.Query.AsSpan()[part];
            if (!parameter.IsEmpty && !parameter.StartsWith("versionId", StringComparison.Ordinal) && !parameter.StartsWith("partNumber", StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// A document: small by nature, and sent without a length, ETag or date by S3 itself. What the connection breaks off within is no document.
    /// </summary>
    private async Task<RemoteObject> DocumentAsync(WireAnswer answer, CancellationToken cancellationToken)
    {
        if (answer.Header("ETag") is not null && answer.Header("Accept-Ranges") is not null)
        {
            // A store that does not know the sub-resource takes no notice of it, and sends the object (Ceph, of ?attributes).
            throw new RemoteException(RemoteFailure.Other, "The remote does not know this sub-resource.") { Status = 501, Code = "NotImplemented" };
        }

        var bytes = new byte[LongestDocument + 1];
        int length;
        try
        {
            await using var body = await answer.BodyAsync(cancellationToken);
            length = await body.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellationToken);
        }
        catch (Exception failure) when (failure is IOException or HttpRequestException)
        {
            throw new RemoteException(RemoteFailure.BodyBroken, $"The {settings.Role} {settings.Name} broke off within a document.", failure);
        }

        if (length > LongestDocument || (answer.ContentLength is { } promised && promised != length))
        {
            throw Nonsense("a document of another length than documents have");
        }

        var info = ObjectHeaders.Read(answer, length);
        var status = answer.Status;
        answer.Dispose();
        return new RemoteObject(info, status, length == 0 ? null : new ByteRange(0, length - 1), new MemoryStream(bytes, 0, length, writable: false));
    }

    private RemoteObject Object(WireAnswer answer, RemoteRead read)
    {
        ByteRange? range;
        long total;
        if (answer.Status == 206)
        {
            var got = answer.ContentRange ?? throw Nonsense("206 without a valid Content-Range");
            (range, total) = (got.Range, got.Total);
            if (answer.ContentLength is { } length && length != got.Range.Length)
            {
                throw Nonsense("a Content-Length that is not that of its Content-Range");
            }

            if (read.Range is { } asked && RangeHeader.Parse(asked) is { } wanted && wanted.Resolve(total) is var expected && read.Query.Length == 0 && expected != range)
            {
                throw Nonsense($"{answer.Header("Content-Range")} to a request for {asked}");
            }
        }
        else
        {
            total = answer.ContentLength ?? throw Nonsense("an object without Content-Length");
            range = total == 0 ? null : new ByteRange(0, total - 1);
        }

        var info = ObjectHeaders.Read(answer, total);
        if (read.IfMatch is { } ifMatch && info.ETag.Length > 0 && !ETags.ListHas(ifMatch, info.ETag))
        {
            throw new RemoteException(RemoteFailure.Changed, "The remote answered with another version than the one asked for.") { Status = answer.Status };
        }

        if (info.ETag.Length == 0 && answer.Header("Content-Type") is { } type && type.Contains("xml", StringComparison.OrdinalIgnoreCase) && answer.Header("Last-Modified") is null)
        {
            throw Nonsense("200 with a document that is no object");
        }

        return range is { } bytes
            ? new RemoteObject(info, answer.Status, bytes, new HealingBody(answer, read.Query.Length > 0 ? "" : info.ETag, bytes, total, settings, time, AskAgainFor(read)))
            : new RemoteObject(info, answer.Status, null, Stream.Null, () =>
            {
                answer.Dispose();
                return ValueTask.CompletedTask;
            });
    }

    private Func<string, string, CancellationToken, Task<WireAnswer>> AskAgainFor(RemoteRead read) =>
        (range, etag, cancellationToken) => client.SendAsync(Request("GET", read with { Range = range, IfMatch = etag, IfNoneMatch = null }), cancellationToken);

    private RemoteException Nonsense(string what) => new(RemoteFailure.Unavailable, $"The {settings.Role} {settings.Name} answered {what}.") { IsNonsense = true };
}
