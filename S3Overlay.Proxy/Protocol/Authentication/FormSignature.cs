using System.Security.Cryptography;
using System.Text;

using S3Overlay.Proxy.Protocol.Forms;

namespace S3Overlay.Proxy.Protocol.Authentication;

/// <summary>Checks who signed a form: the text of its policy field is what is signed.</summary>
/// <remarks>
/// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-authentication-HTTPPOST.html, and for version 2
/// https://docs.aws.amazon.com/AmazonS3/latest/userguide/HTTPPOSTForms.html.
/// </remarks>
internal sealed class FormSignature(IKeyRing keys, AuthenticationSettings settings)
{
    /// <summary>Whether a form holds a field that only a signed one has.</summary>
    public static bool IsClaimed(PostFields fields) =>
        IsVersion4(fields) || fields["AWSAccessKeyId"] is not null || fields["signature"] is not null;

    /// <summary>Checks the signature.</summary>
    /// <returns>Who signed.</returns>
    /// <exception cref="S3Exception">A field is missing or malformed, the key is not known, or the signature is wrong.</exception>
    public S3Caller Verify(PostFields fields, string policy) => IsVersion4(fields) ? VerifyVersion4(fields, policy)
        : VerifyVersion2(fields, policy);

    private static bool IsVersion4(PostFields fields) =>
        fields["x-amz-algorithm"] is not null || fields["x-amz-credential"] is not null || fields["x-amz-signature"] is not null;

    private S3Caller VerifyVersion4(PostFields fields, string policy)
    {
        if (Required(fields, "x-amz-algorithm") != SigV4.Algorithm)
        {
            throw Wrong("x-amz-algorithm", fields, $"X-Amz-Algorithm only supports \"{SigV4.Algorithm}\"");
        }

        var claim = default(SignatureClaim);
        if (!claim.TrySetCredential(Required(fields, "x-amz-credential")))
        {
            throw Wrong(
                "x-amz-credential", fields,
                "the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".");
        }

        var date = Required(fields, "x-amz-date");
        if (!RequestTime.TryParseBasic(date, out _) || !claim.Date.SequenceEqual(date.AsSpan(0, 8)))
        {
            throw Wrong("x-amz-date", fields,
                "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\", on the credential's day");
        }

        if (!claim.Service.SequenceEqual("s3"))
        {
            throw Wrong("x-amz-credential", fields, "incorrect service. This endpoint belongs to \"s3\".");
        }

        if (settings.Region is { } region && !claim.Region.SequenceEqual(region))
        {
            throw new S3Exception(S3Errors.InvalidArgument, $"the region '{claim.Region}' is wrong; expecting '{region}'")
            {
                Details = [new("ArgumentName", "x-amz-credential"), new("ArgumentValue", fields["x-amz-credential"] ?? ""),
                    new("Region", region)],
            };
        }

        var signature = Required(fields, "x-amz-signature");
        var accessKey = claim.AccessKey.ToString();
        var secret = SecretOf(accessKey, fields);
        Span<byte> expected = stackalloc byte[SHA256.HashSizeInBytes];
        Span<byte> claimed = stackalloc byte[SHA256.HashSizeInBytes];
        SigningKey.Derive(secret, claim.Date, claim.Region, claim.Service).Sign(Encoding.UTF8.GetBytes(policy), expected);
        var isHex = signature.Length == claimed.Length * 2
            && Convert.FromHexString(signature, claimed, out _, out _) == System.Buffers.OperationStatus.Done;
        return isHex && CryptographicOperations.FixedTimeEquals(expected, claimed) ? new(accessKey)
            : throw Mismatch(accessKey, policy, signature);
    }

    private S3Caller VerifyVersion2(PostFields fields, string policy)
    {
        if (!settings.AllowsVersion2)
        {
            throw RequestAuthenticator.NotSupported();
        }

        var accessKey = Required(fields, "AWSAccessKeyId");
        var signature = Required(fields, "signature");
        var secret = SecretOf(accessKey, fields);
        return SigV2.Holds(secret, HeaderText.FromText(policy), signature) ? new(accessKey) : throw Mismatch(accessKey, policy, signature);
    }

    private string SecretOf(string accessKey, PostFields fields)
    {
        if (!keys.TryGetSecret(accessKey, out var secret))
        {
            throw new S3Exception(S3Errors.InvalidAccessKeyId) { Details = [new("AWSAccessKeyId", accessKey)] };
        }

        // Keys here have no session tokens: one that is sent belongs to other credentials.
        return fields["x-amz-security-token"] is null ? secret : throw new S3Exception(S3Errors.InvalidToken);
    }

    private static string Required(PostFields fields, string name) => fields[name] ?? throw Missing(name);

    /// <summary>A signed form lacks a field.</summary>
    public static S3Exception Missing(string name) =>
        new(S3Errors.InvalidArgument,
            $"Bucket POST must contain a field named '{name}'.  If it is specified, please check the order of the fields.")
        {
            Details = [new("ArgumentName", name), new("ArgumentValue", "")],
        };

    private static S3Exception Wrong(string name, PostFields fields, string why) =>
        new(S3Errors.InvalidArgument, why) { Details = [new("ArgumentName", name), new("ArgumentValue", fields[name] ?? "")] };

    private static S3Exception Mismatch(string accessKey, string policy, string signature) => new(S3Errors.SignatureDoesNotMatch)
    {
        Details = [new("AWSAccessKeyId", accessKey), new("StringToSign", policy), new("SignatureProvided", signature)],
    };
}
