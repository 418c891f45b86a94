using System.Globalization;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Embedded.Buckets;
using S3Overlay.Proxy.Embedded.Objects;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Access;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Embedded.Operations;

/// <summary>Sub-resources of objects: tags, attributes, ACL.</summary>
internal sealed class SubResourceOperations(EmbeddedStore store)
{
    public async Task GetTagsAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        var row = await store.Objects.RequireAsync(request.Bucket, request.Key, request.Query["versionId"]);
        store.ShowVersion(request.Bucket, row, response);
        await ObjectTags.ToXml(row.Tags).SendAsync(request, response, cancellationToken);
    }

    public async Task PutTagsAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        var known = await store.Objects.RequireAsync(request.Bucket, request.Key, request.Query["versionId"]);
        var root = await S3XmlReader.ReadAsync(request.Body, cancellationToken) ?? throw new S3Exception(S3Errors.MissingRequestBody);
        var row = await store.Objects.SetTagsAsync(
            request.Bucket, request.Key, request.Query["versionId"], known.File, ObjectTags.FromXml(root), cancellationToken);
        store.ShowVersion(request.Bucket, row, response);
        response.Status = StatusCodes.Status200OK;
        response.Headers.ContentLength = 0;
    }

    public async Task DeleteTagsAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        var row = await store.Objects.SetTagsAsync(request.Bucket, request.Key, request.Query["versionId"], null, null, cancellationToken);
        store.ShowVersion(request.Bucket, row, response);
        response.Status = StatusCodes.Status204NoContent;
    }

    public async Task GetAclAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        var row = await store.Objects.RequireAsync(request.Bucket, request.Key, request.Query["versionId"]);
        var hasAcls = store.Buckets.AccessOf(request.Bucket) is { HasAcls: true };
        var (ownerId, acl) = hasAcls ? ObjectAccess.FromText(row.Acl) : ObjectAccess.Plain;
        var owner = ownerId is null ? store.OwnerOf(request.Bucket) : store.AccountOf(ownerId);
        store.ShowVersion(request.Bucket, row, response);
        await AclDocuments.Write(acl ?? AccessControlList.OfOwner(owner.Id), owner, store.Accounts)
            .SendAsync(request, response, cancellationToken);
    }

    public async Task PutAclAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        var versionId = request.Query["versionId"];
        var known = await store.Objects.RequireAsync(request.Bucket, request.Key, versionId);
        var access = store.Buckets.AccessOf(request.Bucket) ?? new BucketAccess();
        var owner = ObjectAccess.FromText(known.Acl).OwnerId ?? access.Owner;
        if (!access.HasAcls)
        {
            await RequireOwnersAloneAsync(request, access, owner, cancellationToken);
            store.ShowVersion(request.Bucket, known, response);
            response.Status = StatusCodes.Status200OK;
            response.Headers.ContentLength = 0;
            return;
        }

        var acl = await AccessDocuments.ReadAclAsync(request, access, owner, store.Accounts, cancellationToken);
        var row = await store.Objects.SetAclAsync(
            request.Bucket, request.Key, versionId, known.File, row => (ObjectAccess.FromText(row.Acl) with { Acl = acl }).ToText(),
            cancellationToken);
        store.ShowVersion(request.Bucket, row, response);
        response.Status = StatusCodes.Status200OK;
        response.Headers.ContentLength = 0;
    }

    /// <summary>
    /// Where the bucket's owner owns everything, an ACL may say just that: s3cmd sets it after each copy. Once the ownership was set, it is
    /// refused, as S3 does.
    /// </summary>
    private async Task RequireOwnersAloneAsync(
        S3Request request, BucketAccess access, string owner, CancellationToken cancellationToken)
    {
        var isSet = store.Buckets.Require(request.Bucket).Documents.ContainsKey(BucketAccess.OwnershipName);
        if (isSet || !(await AccessDocuments.ReadAclAsync(request, 
            access with { Ownership = ObjectOwnership.ObjectWriter, Block = PublicAccessBlock.None }, owner, store.Accounts,
            cancellationToken)).IsPrivate(owner))
        {
            throw new S3Exception(AccessErrors.AclNotSupported);
        }
    }

    /// <summary>No object has a torrent, as in S3 since 2022. Its documentation names no error for that.</summary>
    /// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTorrent.html</remarks>
    /// <exception cref="S3Exception">NoSuchKey.</exception>
    public async Task GetTorrentAsync(S3Request request)
    {
        await store.Objects.RequireAsync(request.Bucket, request.Key, request.Query["versionId"]);
        throw new S3Exception(S3Errors.NoSuchKey, "The object has no torrent.");
    }

    /// <summary>
    /// Restores an archived object: all are readable at once, so there is nothing to do. As in S3, objects of other classes are refused.
    /// </summary>
    /// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/API_RestoreObject.html</remarks>
    /// <exception cref="S3Exception">InvalidObjectState; MalformedXML; NotImplemented for a selection (Type).</exception>
    public async Task RestoreAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        var row = await store.Objects.RequireAsync(request.Bucket, request.Key, request.Query["versionId"]);
        var root = await S3XmlReader.ReadAsync(request.Body, cancellationToken) ?? throw new S3Exception(S3Errors.MissingRequestBody);
        if (root.Name.LocalName != "RestoreRequest")
        {
            throw new S3Exception(S3Errors.MalformedXml);
        }

        if (root.ChildText("Type") is not null)
        {
            throw new S3Exception(S3Errors.NotImplemented);
        }

        if (!int.TryParse(root.ChildText("Days"), NumberStyles.None, CultureInfo.InvariantCulture, out var days) || days == 0)
        {
            throw new S3Exception(S3Errors.MalformedXml);
        }

        if (!StoredHeaders.IsArchived(row.Info))
        {
            throw new S3Exception(S3Errors.InvalidObjectState)
            {
                Details = [new("StorageClass", row.Info.Header("x-amz-storage-class") ?? "STANDARD")],
            };
        }

        response.Status = StatusCodes.Status200OK;
        response.Headers.ContentLength = 0;
    }

    /// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html</remarks>
    public async Task GetAttributesAsync(S3Request request, S3Response response, CancellationToken cancellationToken)
    {
        ObjectAttributes.Check(request);
        var customer = CustomerKey.Of(request, store.MayTakePlainKeys);
        using var stored = await store.Objects.OpenAsync(request.Bucket, request.Key, request.Query["versionId"]);
        ReadEncryption.Check(request, response, stored.Row, customer, store);
        store.ShowVersion(request.Bucket, stored.Row, response);
        await ObjectAttributes.SendAsync(
            request, response, stored.Row.Info, stored.Row.PartCount > 0 ? xml =>
                WriteParts(xml, stored, request) : null, cancellationToken);
    }

    /// <summary>S3 lists the parts only if the object's checksum is made of theirs; otherwise only their count.</summary>
    private static void WriteParts(S3XmlWriter xml, StoredObject stored, S3Request request)
    {
        var after = Number(request.Header("x-amz-part-number-marker"), 0);
        var limit = Math.Min(Number(request.Header("x-amz-max-parts"), 1000), 1000);
        xml.Open("ObjectParts").Element("PartsCount", stored.Row.PartCount);
        if (stored.Row.Info.ChecksumType == PartChecksums.CompositeType)
        {
            var page = stored.Parts.Where(part => part.Number > after).Take(limit + 1).ToList();
            var shown = page.Take(limit).ToList();
            xml.Element("PartNumberMarker", after).Element("NextPartNumberMarker", shown.Count > 0 ? shown[^1].Number : 0)
                .Element("MaxParts", limit).Element("IsTruncated", page.Count > limit);
            foreach (var part in shown)
            {
                xml.Open("Part").Element("PartNumber", part.Number).Element("Size", part.Size);
                if (part.Checksum is { } checksum)
                {
                    xml.Element(ChecksumNames.Element(checksum.Algorithm), checksum.Value);
                }

                xml.Close("Part");
            }
        }

        xml.Close("ObjectParts");
    }

    private static int Number(string? text, int otherwise) => text is null ? otherwise
        : WholeNumbers.TryParse(text, out int value) ? value
        : throw new S3Exception(S3Errors.InvalidArgument);
}
