using System.Xml;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Overlay.Writes;

/// <summary>The overlay's own requests to the local layer, in the name of the caller whose request it handles.</summary>
public sealed class LocalObjects(IS3Service local, EncryptedObjects encrypted)
{
    /// <summary>Client headers that permit a delete.</summary>
    private static readonly string[] Permits = ["x-amz-mfa", "x-amz-expected-bucket-owner"];

    /// <summary>An object or version in the local layer, or null.</summary>
    /// <param name="origin">The client's request.</param>
    /// <param name="bucket">The bucket.</param>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <param name="versionId">The version; null for the current one.</param>
    /// <param name="clientKey">The client's SSE-C headers; null or empty for none.</param>
    public async Task<LocalObject?> HeadAsync(
        S3Request origin, string bucket, string key, CancellationToken cancellationToken, string? versionId = null,
        IReadOnlyList<KeyValuePair<string, string>>? clientKey = null)
    {
        var response = new BufferedResponse();
        var head = About(origin, S3Operation.HeadObject, "HEAD", bucket, key, versionId);
        Add(head, clientKey);
        try
        {
            await local.HandleAsync(head, response, cancellationToken);
        }
        catch (S3Exception refused) when (clientKey is { Count: > 0 } && IsRefusal(refused.Error.Status))
        {
            return await HeadAsync(origin, bucket, key, cancellationToken, versionId);
        }
        catch (S3Exception refused)
            when (refused.Error.Status == StatusCodes.Status400BadRequest && ClientKeys.AreWantedBy(refused.Message))
        {
            return await encrypted.FindAsync(bucket, key, versionId, cancellationToken);
        }
        catch (S3Exception absent) when (MeansAbsent(absent.Error.Status, versionId))
        {
            return null;
        }
        catch (S3Exception marker) when (marker.Error.Status == StatusCodes.Status405MethodNotAllowed)
        {
            // A store in this process throws what another one responds.
            response.Status = marker.Error.Status;
            foreach (var (name, value) in marker.Headers)
            {
                response.Headers[name] = value;
            }
        }

        if (clientKey is { Count: > 0 } && IsRefusal(response.Status))
        {
            // The key is wrong, or the object needs none. It exists either way; the request that uses it will report the error.
            return await HeadAsync(origin, bucket, key, cancellationToken, versionId);
        }

        if (response.Status == StatusCodes.Status400BadRequest)
        {
            return await FindRefusedAsync(head, versionId, cancellationToken);
        }

        HttpDates.TryParseHeader(response.Headers.LastModified, out var lastModified);
        if (response.Status == StatusCodes.Status405MethodNotAllowed && versionId is not null
            && response.Headers["x-amz-delete-marker"] == "true")
        {
            // Not every store repeats the requested id.
            return new LocalObject("", lastModified) { VersionId = versionId, IsDeleteMarker = true };
        }

        if (response.Status >= StatusCodes.Status400BadRequest)
        {
            return MeansAbsent(response.Status, versionId) ? null : throw new S3Exception(S3Errors.ServiceUnavailable);
        }

        return new LocalObject(response.Headers.ETag.ToString(), lastModified)
        {
            Size = response.Headers.ContentLength ?? 0,
            VersionId = response.Headers.TryGetValue("x-amz-version-id", out var version) ? version.ToString() : null,
        };
    }

    /// <summary>
    /// Finds out why a HEAD was refused, which has no error document: the version does not exist, or the object needs its encryption key,
    /// which deletes and the like never have.
    /// </summary>
    private async Task<LocalObject?> FindRefusedAsync(S3Request head, string? versionId, CancellationToken cancellationToken)
    {
        var response = new BufferedResponse();
        var get = head with { Operation = S3Operation.GetObject, Method = "GET",
            Headers = new HeaderDictionary { ["Range"] = "bytes=0-0" } };
        await local.HandleAsync(get, response, cancellationToken);
        return await response.ErrorAsync(cancellationToken) is { } error && ClientKeys.AreWantedBy(error.Message)
            ? await encrypted.FindAsync(head.Bucket, head.Key, versionId, cancellationToken)
            : MeansAbsent(response.Status, versionId) ? null : throw new S3Exception(S3Errors.ServiceUnavailable);
    }

    /// <summary>The checksum algorithm an upload was created with, which all parts must have; null for none or unknown.</summary>
    /// <exception cref="S3Exception">NoSuchUpload, or another 404 of the local layer. ServiceUnavailable: the local layer
    /// failed.</exception>
    public async Task<ChecksumAlgorithm?> ChecksumOfUploadAsync(S3Request part, CancellationToken cancellationToken)
    {
        var response = new BufferedResponse();
        var list = About(part, S3Operation.ListParts, "GET", part.Bucket, part.Key, null) with
        {
            Query = S3Query.Parse("max-parts=1&uploadId=" + UriEncoding.EncodeComponent(part.Query["uploadId"] ?? "")),
        };
        Add(list, ClientKeys.Of(part.Headers));
        await local.HandleAsync(list, response, cancellationToken);
        await response.FinishAsync(cancellationToken);
        if (Failed(response) || response.IsCut)
        {
            throw Untold($"it responded with {response.Status}");
        }

        if (response.Status == StatusCodes.Status404NotFound)
        {
            // Before the source is read for nothing.
            throw new S3Exception(await response.ErrorAsync(cancellationToken) ?? S3Errors.NoSuchUpload);
        }

        if (response.Status >= StatusCodes.Status300MultipleChoices || response.Content.IsEmpty)
        {
            return null;
        }

        return ChecksumNames.TryParseName(ChecksumOf(response.Content), out var algorithm) ? algorithm : null;
    }

    private static string? ChecksumOf(ReadOnlyMemory<byte> upload)
    {
        try
        {
            // Not every store names this ListPartsResult, but all name an Error, and gateways their error pages, differently.
            var parts = S3XmlReader.Parse(upload);
            return parts.Name.LocalName.StartsWith("List", StringComparison.Ordinal) ? parts.ChildText("ChecksumAlgorithm")
                : throw Untold($"it responded with {parts.Name.LocalName}");
        }
        catch (XmlException broken)
        {
            throw Untold("its response is not an XML document", broken);
        }
    }

    private static S3Exception Untold(string why, Exception? cause = null) =>
        S3Exception.ForNow(S3Errors.ServiceUnavailable, 2, $"The local store did not describe the upload: {why}.", cause);

    /// <summary>True if a bucket is versioned. False if the local layer does not support the question.</summary>
    /// <exception cref="S3Exception">ServiceUnavailable: the local layer failed.</exception>
    public async Task<bool> KeepsVersionsAsync(S3Request origin, string bucket, CancellationToken cancellationToken)
    {
        var response = new BufferedResponse();
        var ask = About(origin, S3Operation.GetBucketConfiguration, "GET", bucket, "", null) with { Query = S3Query.Parse("versioning") };
        try
        {
            await local.HandleAsync(ask, response, cancellationToken);
        }
        catch (S3Exception unknown)
            when (unknown.Error.Status < StatusCodes.Status500InternalServerError || unknown.Error == S3Errors.NotImplemented)
        {
            return false;
        }

        await response.FinishAsync(cancellationToken);
        if (Failed(response))
        {
            throw new S3Exception(S3Errors.ServiceUnavailable);
        }

        return response.Status < StatusCodes.Status300MultipleChoices && IsEnabled(response.Content);
    }

    /// <summary>True if the store failed, as opposed to not supporting the request.</summary>
    private static bool Failed(BufferedResponse response) =>
        response.Status is >= StatusCodes.Status500InternalServerError and not StatusCodes.Status501NotImplemented;

    private static bool IsEnabled(ReadOnlyMemory<byte> configuration)
    {
        try
        {
            return !configuration.IsEmpty && S3XmlReader.Parse(configuration).ChildText("Status") == "Enabled";
        }
        catch (XmlException)
        {
            return false;
        }
    }

    /// <summary>
    /// Deletes the local object. With <paramref name="isVersionNull"/> deletes version null, which leaves no marker in a versioned bucket.
    /// </summary>
    public async Task DeleteAsync(
        S3Request origin, string bucket, string key, bool isVersionNull, string? ifMatch, S3Response response,
        CancellationToken cancellationToken)
    {
        var delete = Delete(origin, bucket, key, isVersionNull ? "null" : null);
        if (ifMatch is not null)
        {
            delete.Headers.IfMatch = ifMatch;
            await local.HandleAsync(delete, response, cancellationToken);
            return;
        }

        var result = new BufferedResponse();
        await local.HandleAsync(delete, result, cancellationToken);
        if (result.Status == StatusCodes.Status404NotFound && await result.ErrorAsync(cancellationToken) is { } told
            && told.Code == S3Errors.NoSuchKey.Code)
        {
            // A store that looks before it deletes (Versity) found the object, and another client deleted it in between.
            response.Status = StatusCodes.Status204NoContent;
            return;
        }

        await result.CopyToAsync(response, cancellationToken);
    }

    /// <summary>Deletes one local version.</summary>
    public Task DeleteVersionAsync(
        S3Request origin, string bucket, string key, string versionId, S3Response response, CancellationToken cancellationToken) =>
        local.HandleAsync(Delete(origin, bucket, key, versionId), response, cancellationToken);

    /// <summary>A delete with the client's headers for locks, MFA and the bucket's owner.</summary>
    private static S3Request Delete(S3Request origin, string bucket, string key, string? versionId)
    {
        var delete = About(origin, S3Operation.DeleteObject, "DELETE", bucket, key, versionId);
        foreach (var name in Permits)
        {
            if (origin.Headers.TryGetValue(name, out var value))
            {
                delete.Headers[name] = value;
            }
        }

        if (origin.BypassesGovernance)
        {
            delete.Headers[LockHeaders.Bypass] = "true";
        }

        return delete;
    }

    /// <summary>Most stores response 400 for a version id that they did not create.</summary>
    private static bool MeansAbsent(int status, string? versionId) =>
        status == StatusCodes.Status404NotFound || (status == StatusCodes.Status400BadRequest && versionId is not null);

    /// <summary>True if the local layer refuses the request or its caller.</summary>
    private static bool IsRefusal(int status) => status is StatusCodes.Status400BadRequest or StatusCodes.Status403Forbidden;

    private static void Add(S3Request request, IReadOnlyList<KeyValuePair<string, string>>? headers)
    {
        foreach (var (name, value) in headers ?? [])
        {
            request.Headers[name] = value;
        }
    }

    private static S3Request About(S3Request origin, S3Operation operation, string method, string bucket, string key, string? versionId) =>
        new()
    {
        Operation = operation,
        Method = method,
        Bucket = bucket,
        Key = key,
        Query = versionId is null ? S3Query.Empty : S3Query.Parse("versionId=" + UriEncoding.EncodeComponent(versionId)),
        Headers = new HeaderDictionary(),
        Caller = origin.Caller,
        Body = S3Body.Empty,
        RequestId = origin.RequestId,
        Address = origin.Address,
        BypassesGovernance = origin.BypassesGovernance,
        OnlyNoncurrent = origin.OnlyNoncurrent,
    };
}

/// <summary>What the local layer says of an object.</summary>
/// <param name="ETag">With its quotes.</param>
/// <param name="LastModified">When it was written.</param>
public sealed record LocalObject(string ETag, DateTimeOffset LastModified)
{
    /// <summary>Size in bytes.</summary>
    public long Size { get; init; }

    /// <summary>Its version id; null without versions.</summary>
    public string? VersionId { get; init; }

    /// <summary>True if the version is a delete marker.</summary>
    public bool IsDeleteMarker { get; init; }
}

/// <summary>
/// Objects that the local layer shows only with the key they are encrypted with (SSE-C). For requests that carry no key, the local layer's
/// listings supply what is known.
/// </summary>
/// <param name="layer">Lists written objects.</param>
/// <param name="versions">Lists versions; null if the local layer never keeps any.</param>
public sealed class EncryptedObjects(ILayerState layer, ILocalVersions? versions)
{
    /// <summary>A key's or version's entry in the listings; null if there is none.</summary>
    public async ValueTask<LocalObject?> FindAsync(string bucket, string key, string? versionId, CancellationToken cancellationToken)
    {
        if (versions is not null && versionId is not null)
        {
            var isListed = false;
            await foreach (var row in versions.ListOfAsync(bucket, key, cancellationToken))
            {
                if (row.VersionId == versionId)
                {
                    return row.Object is { } version ? Of(version) with { VersionId = versionId } : null;
                }

                isListed = true;
            }

            if (isListed)
            {
                return null;
            }
        }

        // An object in a bucket without versions is its version null.
        return versionId is null or "null" ? await FindCurrentAsync(bucket, key, cancellationToken) : null;
    }

    private async ValueTask<LocalObject?> FindCurrentAsync(string bucket, string key, CancellationToken cancellationToken)
    {
        await using var rows = layer.ListWritten(bucket, new ListingQuery(key, "", ListingPosition.Start, 1));
        return await rows.NextAsync(cancellationToken) is { Object: { } current } row && row.Name == key ? Of(current) : null;
    }

    private static LocalObject Of(ListedObject listed) => new(listed.ETag, listed.LastModified) { Size = listed.Size };
}
