using System.Security.Cryptography;
using System.Text;


using S3Overlay.Proxy.Protocol.Authentication;

namespace S3Overlay.Proxy.Protocol.Forms;

/// <summary>Authenticates upload forms: what is signed is the text of the policy field.</summary>
/// <remarks>
/// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-authentication-HTTPPOST.html, and for version 2
/// https://docs.aws.amazon.com/AmazonS3/latest/userguide/HTTPPOSTForms.html.
/// </remarks>
internal sealed class FormSignature(RequestAuthenticator authenticator)
{
    private readonly IKeyRing _keys = authenticator.Keys;
    private readonly AuthenticationSettings _settings = authenticator.Settings;

    /// <summary>Authenticates a form and checks it against its policy.</summary>
    /// <param name="fields">The fields before the file.</param>
    /// <param name="bucket">The bucket that the request names.</param>
    /// <param name="caller">Who signed the request's headers. Counts if the form itself is not signed.</param>
    /// <param name="largest">The size limit of any file, in bytes.</param>
    /// <exception cref="S3Exception">The signature is wrong, or the policy is malformed, has expired, or forbids a field.</exception>
    public AuthenticatedForm Authenticate(PostFields fields, string bucket, S3Caller caller, long largest)
    {
        if (fields["policy"] is not { } text)
        {
            return _settings.IsOff || !IsClaimed(fields) ? new(caller, null) : throw Missing("policy");
        }

        if (!_settings.IsOff)
        {
            caller = Verify(fields, text);
        }

        var policy = PostPolicyReader.Read(text, largest);
        policy.Check(fields, bucket, authenticator.Time.GetUtcNow());
        return new(caller, policy);
    }

    /// <summary>Whether a form has a field that only signed forms have.</summary>
    private static bool IsClaimed(PostFields fields) =>
        IsVersion4(fields) || fields["AWSAccessKeyId"] is not null || fields["signature"] is not null;

    /// <summary>Checks the signature.</summary>
    /// <returns>The caller that signed.</returns>
    /// <exception cref="S3Exception">A field is missing or malformed, the key is unknown, or the signature is wrong.</exception>
    private S3Caller Verify(PostFields fields, string policy) => IsVersion4(fields) ? VerifyVersion4(fields, policy)
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
            throw Wrong("x-amz-credential", fields,
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

        if (_settings.Region is { } region && !claim.Region.SequenceEqual(region))
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
        if (!_settings.AllowsVersion2)
        {
            throw RequestAuthenticator.NotSupported();
        }

        var accessKey = Required(fields, "AWSAccessKeyId");
        var signature = Required(fields, "signature");
        var secret = SecretOf(accessKey, fields);
        return SigV2.Holds(secret, HeaderText.FromText(policy), signature) ? new(accessKey) : throw Mismatch(accessKey, policy, signature);
    }

    private string SecretOf(string accessKey, PostFields fields) =>
        RequestAuthenticator.SecretOf(_keys, accessKey, fields["x-amz-security-token"] is not null);

    private static string Required(PostFields fields, string name) => fields[name] ?? throw Missing(name);

    /// <summary>A signed form lacks a field.</summary>
    private static S3Exception Missing(string name) =>
        S3Exception.Argument($"Bucket POST must contain a field named '{name}'.  If it is specified, please check the order of the fields.",
            name, "");

    private static S3Exception Wrong(string name, PostFields fields, string why) =>
        new(S3Errors.InvalidArgument, why) { Details = [new("ArgumentName", name), new("ArgumentValue", fields[name] ?? "")] };

    private static S3Exception Mismatch(string accessKey, string policy, string signature) => new(S3Errors.SignatureDoesNotMatch)
    {
        Details = [new("AWSAccessKeyId", accessKey), new("StringToSign", policy), new("SignatureProvided", signature)],
    };
}

/// <summary>The result of authenticating a form.</summary>
/// <param name="Caller">The caller that signed it; <see cref="S3Caller.Anonymous"/> if it is unsigned.</param>
/// <param name="Policy">The policy, which the form meets; null if it has none.</param>
internal readonly record struct AuthenticatedForm(S3Caller Caller, PostPolicy? Policy);
