using S3Overlay.Proxy.Embedded.Encryption;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Embedded.Objects;
using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Embedded.Operations;

/// <summary>The key that a read needs. An object without its key is an error, never bytes.</summary>
internal static class ReadEncryption
{
    /// <summary>Refuses a header that only requests for new objects may have.</summary>
    /// <exception cref="S3Exception">InvalidArgument.</exception>
    public static void RefuseMethod(S3Request request)
    {
        if (request.Header(WriteEncryption.Header) is { } method)
        {
            throw S3Exception.Argument(
                $"{WriteEncryption.Header} header is not supported for this operation.", WriteEncryption.Header, method);
        }
    }

    /// <summary>
    /// Checks that a request for metadata alone brings the key that the object needs, and shows that in the response.
    /// </summary>
    /// <exception cref="S3Exception">InvalidRequest, AccessDenied.</exception>
    public static void Check(S3Request request, S3Response response, ObjectRow row, CustomerKey? customer, EmbeddedStore store)
    {
        if (row.Envelope is null && customer is null)
        {
            return;
        }

        RequireFit(row, customer);
        if (customer is not null)
        {
            Try(row, store, () => ObjectUnlock.Check(new ObjectName(request.Bucket, request.Key), row, customer.Key));
            customer.Show(response);
        }
    }

    /// <summary>Makes an object readable, if it is encrypted.</summary>
    /// <param name="stored">The open object.</param>
    /// <param name="name">Its name.</param>
    /// <param name="customer">The key that the request brings for it, or null.</param>
    /// <param name="store">The store.</param>
    /// <exception cref="S3Exception">InvalidRequest, AccessDenied, KMS.NotFoundException, InternalError.</exception>
    public static void Unlock(StoredObject stored, ObjectName name, CustomerKey? customer, EmbeddedStore store)
    {
        if (stored.Row.Envelope is null && customer is null)
        {
            return;
        }

        RequireFit(stored.Row, customer);
        var key = customer?.Key ?? ServerKeyOf(stored.Row.Envelope!, store);
        Try(stored.Row, store, () => stored.Unlock(name, key));
    }

    /// <summary>The server's key that an envelope was made with.</summary>
    /// <exception cref="S3Exception">KMS.NotFoundException; InternalError without the master key.</exception>
    public static WrappingKey ServerKeyOf(KeyEnvelope envelope, EmbeddedStore store)
    {
        if (store.Keys.Of(envelope) is { } key)
        {
            return key;
        }

        Log.EncryptionKeyMissing(store.Logger, envelope.KeyName);
        return envelope.Kind == KeyKind.Named ? throw WriteEncryption.NoKey(envelope.KeyName)
            : throw new S3Exception(S3Errors.InternalError, "The server does not have the key that the object is encrypted with.");
    }

    /// <summary>The error for a key of the server that has the right name and is another one.</summary>
    public static S3Exception WrongServerKey(KeyEnvelope envelope, EmbeddedStore store)
    {
        Log.EncryptionKeyMissing(store.Logger, envelope.KeyName);
        return new S3Exception(
            S3Errors.InternalError, "The server has another key of this name than the one that the object is encrypted with.");
    }

    private static void RequireFit(ObjectRow row, CustomerKey? customer)
    {
        var needsCustomer = row.Envelope is { Kind: KeyKind.Customer };
        if (needsCustomer && customer is null)
        {
            throw new S3Exception(
                S3Errors.InvalidRequest,
                "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the "
                + "object.");
        }

        if (!needsCustomer && customer is not null)
        {
            throw new S3Exception(S3Errors.InvalidRequest, "The encryption parameters are not applicable to this object.");
        }
    }

    private static void Try(ObjectRow row, EmbeddedStore store, Action open)
    {
        try
        {
            open();
        }
        catch (WrongKeyException failure)
        {
            throw row.Envelope!.Kind != KeyKind.Customer ? WrongServerKey(row.Envelope, store)
                : new S3Exception(
                    S3Errors.AccessDenied,
                    "Requests specifying Server Side Encryption with Customer provided keys must provide the correct secret key.", failure);
        }
        catch (InvalidDataException failure)
        {
            throw store.Objects.Damaged(failure);
        }
    }
}
