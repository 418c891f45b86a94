using System.Security.Cryptography;

using S3Overlay.Proxy.Embedded.Buckets;
using S3Overlay.Proxy.Embedded.Encryption;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Objects;
using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Embedded.Operations;

/// <summary>How a write encrypts: as the request says, else as its bucket does by default.</summary>
/// <param name="Key">Encrypts the object's own key.</param>
/// <param name="Headers">The headers that show it on reads, for the object to keep.</param>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/serv-side-encryption.html</remarks>
internal sealed record WriteEncryption(WrappingKey Key, IReadOnlyList<KeyValuePair<string, string>> Headers)
{
    /// <summary>Begins the names of all headers about encryption.</summary>
    public const string Header = "x-amz-server-side-encryption";

    /// <summary>The header that names a key of SSE-KMS.</summary>
    public const string KeyIdHeader = Header + "-aws-kms-key-id";

    /// <summary>The method of SSE-KMS.</summary>
    public const string Kms = "aws:kms";

    /// <summary>The key of SSE-KMS for requests that name none.</summary>
    public const string DefaultKeyId = "aws/s3";

    private const string BucketKeyHeader = Header + "-bucket-key-enabled";

    /// <summary>The client's key, if it is that.</summary>
    public CustomerKey? Customer { get; init; }

    /// <summary>True if the ETag must say nothing about the bytes: it is an MD5 with SSE-S3 only.</summary>
    public bool HidesMd5 => Key.Kind != KeyKind.Master;

    /// <summary>How a write is to be encrypted; null if not at all.</summary>
    /// <exception cref="S3Exception">InvalidArgument, InvalidRequest, AccessDenied, KMS.NotFoundException; NotImplemented if the server has
    /// no key.</exception>
    public static WriteEncryption? Of(S3Request request, BucketRecord bucket, EmbeddedStore store)
    {
        var customer = CustomerKey.Of(request, store.MayTakePlainKeys);
        var method = request.Header(Header);
        var usual = BucketEncryption.Of(bucket);
        if (customer is not null && usual is { RefusesCustomerKeys: true })
        {
            throw new S3Exception(S3Errors.AccessDenied, "The bucket does not accept objects encrypted with keys of clients (SSE-C).");
        }

        if (customer is not null)
        {
            return method is null && request.Header(KeyIdHeader) is null
                ? OfCustomer(customer)
                : throw S3Exception.Argument(
                    "Server Side Encryption with Customer provided key is incompatible with the encryption method specified", Header,
                    method);
        }

        if (request.Header(KeyIdHeader) is not null && method != Kms)
        {
            throw S3Exception.Argument(
                "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms", Header,
                method);
        }

        var hasBucketKey = IsSet(request.Header(BucketKeyHeader));
        return method is not null ? Of(method, request.Header(KeyIdHeader), hasBucketKey ?? usual?.HasBucketKey ?? false, store.Keys)
            : usual?.Method is not null ? Of(usual.Method, usual.KeyId, hasBucketKey ?? usual.HasBucketKey, store.Keys)
            : null;
    }

    /// <summary>Encryption with a key of the server.</summary>
    /// <param name="method"><c>AES256</c> or <c>aws:kms</c>.</param>
    /// <param name="keyId">The key of SSE-KMS; null for the usual one.</param>
    /// <param name="hasBucketKey">True to show that the bucket has a key of its own, which changes nothing here.</param>
    /// <param name="keys">The server's keys.</param>
    /// <exception cref="S3Exception">InvalidArgument, KMS.NotFoundException, NotImplemented.</exception>
    public static WriteEncryption Of(string method, string? keyId, bool hasBucketKey, ServerKeys keys)
    {
        switch (method)
        {
            case CustomerKey.Aes256:
                var master = keys.Master ?? throw new S3Exception(
                    S3Errors.NotImplemented,
                    "This server has no key for SSE-S3: its administrator can set S3_OVERLAY_ENCRYPTION_KEY or "
                    + "S3_OVERLAY_ENCRYPTION_FILE.");
                return new(master, [new(Header, method)]);
            case Kms:
                var id = keyId is { Length: > 0 } ? keyId : DefaultKeyId;
                var named = keys.Named(id) ?? throw NoKey(id);
                return new(named, [new(Header, method), new(KeyIdHeader, id), .. hasBucketKey ? [new(BucketKeyHeader, "true")]
                    : (KeyValuePair<string, string>[])[]]);
            case "aws:kms:dsse" or "aws:fsx":
                throw new S3Exception(S3Errors.NotImplemented, $"This server does not support the encryption method {method}.");
            default:
                throw S3Exception.Argument("The encryption method specified is not supported", Header, method);
        }
    }

    /// <summary>How a part of an upload is encrypted: as the upload is.</summary>
    /// <exception cref="S3Exception">InvalidRequest: the request brings another key than the upload, or none; InvalidArgument.</exception>
    public static WriteEncryption? OfPart(S3Request request, UploadRecord upload, EmbeddedStore store)
    {
        ReadEncryption.RefuseMethod(request);
        var customer = CustomerKey.Of(request, store.MayTakePlainKeys);
        if (upload.Envelope is not { } envelope)
        {
            return customer is null ? null : throw new S3Exception(
                S3Errors.InvalidRequest,
                "The multipart upload initiate did not request encryption. Please resend the request without sending encryption "
                + "parameters.");
        }

        if (envelope.Kind == KeyKind.Customer && customer is null)
        {
            throw KeyMissing();
        }

        using var opened = OpenUpload(upload, customer, store);
        return new(envelope.Kind == KeyKind.Customer ? customer!.Key : ReadEncryption.ServerKeyOf(envelope, store),
            [.. upload.Headers.Where(static header => Is(header.Key))]) { Customer = customer };
    }

    /// <summary>The key that seals the parts of an upload; null if it is not encrypted.</summary>
    /// <exception cref="S3Exception">InvalidRequest: the request brings another key than the upload; InvalidArgument.</exception>
    public static DataKey? SealOf(S3Request request, UploadRecord upload, EmbeddedStore store)
    {
        ReadEncryption.RefuseMethod(request);
        var customer = CustomerKey.Of(request, store.MayTakePlainKeys);
        if (upload.Envelope is null)
        {
            return customer is null ? null : throw NotTheSame();
        }

        if (upload.SealKey is { } key && customer is null)
        {
            // Only an upload with a checksum algorithm needs the customer's key to be completed.
            return upload.Algorithm is null ? DataKey.Of(key) : throw KeyMissing();
        }

        return OpenUpload(upload, customer, store);
    }

    /// <summary>True for a header about encryption.</summary>
    public static bool Is(string header) => header.StartsWith(Header, StringComparison.OrdinalIgnoreCase);

    /// <summary>True for a header that this class reads. All others about encryption are refused.</summary>
    public static bool IsKnown(string header) => header.Length == Header.Length
        || header.Equals(KeyIdHeader, StringComparison.OrdinalIgnoreCase)
        || header.Equals(BucketKeyHeader, StringComparison.OrdinalIgnoreCase)
        || ClientKeys.Headers.Contains(header, StringComparer.OrdinalIgnoreCase);

    /// <summary>Shows how the object is encrypted.</summary>
    public void Show(S3Response response)
    {
        Show(Headers, response);
        Customer?.Show(response);
    }

    /// <summary>Shows how an object is encrypted, if it is.</summary>
    public static void Show(IReadOnlyList<KeyValuePair<string, string>> headers, S3Response response)
    {
        foreach (var (name, value) in headers)
        {
            if (Is(name))
            {
                response.Headers[name] = value;
            }
        }
    }

    /// <summary>An ETag that looks like an MD5 and is none.</summary>
    public static string OpaqueETag() => PutOperations.Quoted(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)));

    /// <summary>Encrypts the key of a filled file.</summary>
    public KeyEnvelope Wrap(DataKey key, FileHeader header, ObjectFileWriter file) =>
        key.WrapWith(Key, new KeyPlace(header.Bucket, header.Key, file.Id, file.Length, header.PartNumber));

    private static WriteEncryption OfCustomer(CustomerKey customer) =>
        new(customer.Key, [new(ClientKeys.Algorithm, CustomerKey.Aes256)]) { Customer = customer };

    private static DataKey OpenUpload(UploadRecord upload, CustomerKey? customer, EmbeddedStore store)
    {
        var envelope = upload.Envelope!;
        if (envelope.Kind == KeyKind.Customer != customer is not null)
        {
            throw NotTheSame();
        }

        return DataKey.TryOpen(
            customer?.Key ?? ReadEncryption.ServerKeyOf(envelope, store), envelope, KeyPlace.OfUpload(upload.Bucket, upload.Key))
            ?? throw (customer is null ? ReadEncryption.WrongServerKey(envelope, store) : NotTheSame());
    }

    private static bool? IsSet(string? flag) => flag switch
    {
        null => null,
        "false" => false,
        "true" => true,
        _ => throw S3Exception.Argument($"The value of {BucketKeyHeader} is not valid.", BucketKeyHeader, flag),
    };

    private static S3Exception KeyMissing() => new(
        S3Errors.InvalidRequest,
        "The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate encryption parameters.");

    private static S3Exception NotTheSame() =>
        new(S3Errors.InvalidRequest, "The provided encryption parameters did not match the ones used originally.");

    /// <summary>The error for a key of SSE-KMS that the server does not have.</summary>
    public static S3Exception NoKey(string id) => new(S3Errors.KmsNotFound, $"Invalid keyId {id}");
}
