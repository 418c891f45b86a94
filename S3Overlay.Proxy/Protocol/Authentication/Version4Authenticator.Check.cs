using System.Security.Cryptography;
using System.Text;

using Microsoft.AspNetCore.Http;

namespace S3Overlay.Proxy.Protocol.Authentication;

internal sealed partial class Version4Authenticator
{
    /// <summary>Checks a signature against one request.</summary>
    private readonly ref struct SignatureCheck(
        string method, string rawPath, string rawQuery, string host, IHeaderDictionary headers, string[] signedHeaders)
    {
        private enum Form
        {
            Canonical,
            PathAsSent,
            AllAsSent,
        }

        /// <summary>Whether the claimed signature is the one that this key gives the request.</summary>
        public bool Holds(SigningKey key, ref SignatureClaim claim)
        {
            Span<byte> claimed = stackalloc byte[SHA256.HashSizeInBytes];
            if (claim.Signature.Length != claimed.Length * 2
                || Convert.FromHexString(claim.Signature, claimed, out _, out _) != System.Buffers.OperationStatus.Done)
            {
                return false;
            }

            if (Matches(key, in claim, claimed, host, Form.Canonical))
            {
                return true;
            }

            // Clients differ in ways that do not change what is signed: path or query as sent instead of canonically encoded (curl), the
            // default port named or left out, a link signed without its payload hash. Tried last, so they cost nothing in the usual case.
            if (Matches(key, in claim, claimed, host, Form.PathAsSent)
                || (!claim.IsPresigned && rawQuery.Length > 0 && Matches(key, in claim, claimed, host, Form.AllAsSent)))
            {
                return true;
            }

            var withoutPort = host.EndsWith(":80", StringComparison.Ordinal) ? host[..^3]
                : host.EndsWith(":443", StringComparison.Ordinal) ? host[..^4]
                : null;
            if (withoutPort is not null && Matches(key, in claim, claimed, withoutPort, Form.Canonical))
            {
                return true;
            }

            if (!claim.IsPresigned || claim.PayloadHash == SigV4.UnsignedPayload || signedHeaders.Contains("x-amz-content-sha256"))
            {
                return false;
            }

            claim.PayloadHash = SigV4.UnsignedPayload;
            return Matches(key, in claim, claimed, host, Form.Canonical);
        }

        /// <summary>The canonical request and the string to sign, for the error document.</summary>
        public (string CanonicalRequest, string StringToSign) Describe(in SignatureClaim claim)
        {
            var canonical = new CanonicalWriter(stackalloc byte[1024]);
            var toSign = new CanonicalWriter(stackalloc byte[256]);
            try
            {
                AppendCanonicalRequest(ref canonical, in claim, host, Form.Canonical);
                toSign.AppendStringToSign(claim.Time, claim.Scope, canonical.Written);
                return (Encoding.Latin1.GetString(canonical.Written), Encoding.Latin1.GetString(toSign.Written));
            }
            finally
            {
                canonical.Dispose();
                toSign.Dispose();
            }
        }

        private bool Matches(SigningKey key, in SignatureClaim claim, ReadOnlySpan<byte> claimed, string forHost, Form form)
        {
            var canonical = new CanonicalWriter(stackalloc byte[1024]);
            var toSign = new CanonicalWriter(stackalloc byte[256]);
            try
            {
                AppendCanonicalRequest(ref canonical, in claim, forHost, form);
                toSign.AppendStringToSign(claim.Time, claim.Scope, canonical.Written);
                Span<byte> expected = stackalloc byte[SHA256.HashSizeInBytes];
                key.Sign(toSign.Written, expected);
                return CryptographicOperations.FixedTimeEquals(expected, claimed);
            }
            finally
            {
                canonical.Dispose();
                toSign.Dispose();
            }
        }

        private void AppendCanonicalRequest(ref CanonicalWriter writer, in SignatureClaim claim, string forHost, Form form)
        {
            writer.AppendLine(method);
            if (form != Form.Canonical)
            {
                writer.AppendLatin1(rawPath);
            }
            else
            {
                writer.AppendPath(rawPath);
            }

            writer.Append((byte)'\n');
            if (form == Form.AllAsSent)
            {
                writer.AppendLatin1(rawQuery);
            }
            else
            {
                writer.AppendQuery(rawQuery, withoutSignature: claim.IsPresigned);
            }

            writer.Append((byte)'\n');
            foreach (var name in signedHeaders)
            {
                writer.AppendLatin1(name);
                writer.Append((byte)':');
                if (name == "host")
                {
                    writer.AppendHeaderValue(forHost);
                }
                else
                {
                    var values = headers[name];
                    for (var i = 0; i < values.Count; i++)
                    {
                        if (i > 0)
                        {
                            writer.Append((byte)',');
                        }

                        writer.AppendHeaderValue(values[i]);
                    }
                }

                writer.Append((byte)'\n');
            }

            writer.Append((byte)'\n');
            writer.AppendLine(claim.SignedHeaders);
            writer.AppendLatin1(claim.PayloadHash);
        }
    }
}
