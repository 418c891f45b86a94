using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace S3Overlay.Proxy.Protocol.Authentication;

/// <summary>Signs requests as a client: for remotes, for an S3 endpoint as local layer, for tests and tools.</summary>
/// <param name="region">The endpoint's region.</param>
/// <param name="service">The service name.</param>
public sealed class RequestSigner(SigningCredentials credentials, string region, string service = "s3")
{
    private static readonly SigningKey.Cache Keys = new();

    /// <summary>
    /// Whether a header must be signed if it is sent: <c>x-amz-*</c>, and Content-Type, which AWS does not require but Ceph's gateway does
    /// since 20.2.4.
    /// </summary>
    /// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html, CanonicalHeaders.</remarks>
    public static bool MustSign(string name) =>
        name.StartsWith("x-amz-", StringComparison.OrdinalIgnoreCase) || name.Equals("Content-Type", StringComparison.OrdinalIgnoreCase);

    /// <summary>Signs a request in its headers.</summary>
    /// <param name="host">The Host header as it will be sent, with the port unless it is the scheme's default.</param>
    /// <param name="rawPath">The path as it will be sent, percent-encoded.</param>
    /// <param name="rawQuery">The query as it will be sent, without its question mark.</param>
    /// <param name="headers">
    /// More headers to sign, in any order and case. Must include those of <see cref="MustSign"/>; must not include Host or the headers that
    /// signing adds.
    /// </param>
    /// <param name="payloadHash">
    /// SHA-256 of the body in lower-case hex, <c>UNSIGNED-PAYLOAD</c>, or a streaming name (<see cref="SigV4"/>).
    /// </param>
    /// <returns>The headers to add.</returns>
    public SignedRequest Sign(string method, string host, string rawPath, string rawQuery,
        IEnumerable<KeyValuePair<string, string>> headers, string payloadHash, DateTimeOffset now)
    {
        var time = RequestTime.Format(now);
        var signed = new List<KeyValuePair<string, string>>
        {
            new("host", host),
            new("x-amz-content-sha256", payloadHash),
            new("x-amz-date", time),
        };
        if (credentials.SessionToken is { } token)
        {
            signed.Add(new("x-amz-security-token", token));
        }

        AddSorted(signed, headers);
        var scope = Scope(time);
        var names = Names(signed);
        var signature = Signature(method, rawPath, rawQuery, signed, names, payloadHash, time, scope);
        return new($"{SigV4.Algorithm} Credential={credentials.AccessKey}/{scope}, SignedHeaders={names}, Signature={signature}", time,
            payloadHash, credentials.SessionToken, signature);
    }

    /// <summary>Presigns a URL.</summary>
    /// <param name="host">The host that the URL points to.</param>
    /// <param name="rawPath">The path, percent-encoded.</param>
    /// <param name="rawQuery">The query so far, without its question mark.</param>
    /// <param name="headers">Headers that the URL's user must send. Must not include Host.</param>
    /// <param name="now">The start of its validity.</param>
    /// <param name="lifetime">At most seven days.</param>
    /// <returns>The whole query of the URL, without its question mark.</returns>
    public string Presign(string method, string host, string rawPath, string rawQuery, IEnumerable<KeyValuePair<string, string>> headers,
        DateTimeOffset now, TimeSpan lifetime, string payloadHash = SigV4.UnsignedPayload)
    {
        var time = RequestTime.Format(now);
        var signed = new List<KeyValuePair<string, string>> { new("host", host) };
        AddSorted(signed, headers);
        var scope = Scope(time);
        var names = Names(signed);
        var query = (rawQuery.Length == 0 ? "" : rawQuery + "&")
            + $"X-Amz-Algorithm={SigV4.Algorithm}"
            + $"&X-Amz-Credential={UriEncoding.EncodeComponent(credentials.AccessKey + "/" + scope)}"
            + $"&X-Amz-Date={time}"
            + $"&X-Amz-Expires={((long)lifetime.TotalSeconds).ToString(CultureInfo.InvariantCulture)}"
            + $"&X-Amz-SignedHeaders={UriEncoding.EncodeComponent(names)}";
        if (credentials.SessionToken is { } token)
        {
            query += "&X-Amz-Security-Token=" + UriEncoding.EncodeComponent(token);
        }

        if (payloadHash != SigV4.UnsignedPayload)
        {
            query += "&X-Amz-Content-Sha256=" + payloadHash;
        }

        return query + "&X-Amz-Signature=" + Signature(method, rawPath, query, signed, names, payloadHash, time, scope);
    }

    /// <summary>The key that signs at a time, for the chunks of a body.</summary>
    public SigningKey KeyAt(DateTimeOffset now) => KeyOf(Scope(RequestTime.Format(now)));

    private static void AddSorted(List<KeyValuePair<string, string>> signed, IEnumerable<KeyValuePair<string, string>> headers)
    {
        foreach (var (name, value) in headers)
        {
            signed.Add(new(name.ToLowerInvariant(), value));
        }

        // Insertion sort: the headers are few and mostly sorted, and repeated headers keep their order.
        for (var i = 1; i < signed.Count; i++)
        {
            var header = signed[i];
            var place = i;
            for (; place > 0 && string.CompareOrdinal(signed[place - 1].Key, header.Key) > 0; place--)
            {
                signed[place] = signed[place - 1];
            }

            signed[place] = header;
        }
    }

    private static string Names(List<KeyValuePair<string, string>> sorted)
    {
        var names = new DefaultInterpolatedStringHandler(sorted.Count, sorted.Count, CultureInfo.InvariantCulture, stackalloc char[256]);
        for (var i = 0; i < sorted.Count; i++)
        {
            if (i > 0 && sorted[i].Key == sorted[i - 1].Key)
            {
                continue;
            }

            if (i > 0)
            {
                names.AppendLiteral(";");
            }

            names.AppendLiteral(sorted[i].Key);
        }

        return names.ToStringAndClear();
    }

    private string Scope(string time) => $"{time.AsSpan(0, 8)}/{region}/{service}/{SigV4.Terminator}";

    private SigningKey KeyOf(string scope)
    {
        var name = new DefaultInterpolatedStringHandler(1, 2, CultureInfo.InvariantCulture, stackalloc char[256]);
        name.AppendLiteral(credentials.AccessKey);
        name.AppendLiteral("/");
        name.AppendFormatted(scope.AsSpan(0, scope.Length - SigV4.Terminator.Length - 1));
        try
        {
            if (Keys.Find(name.Text, credentials.SecretKey) is { } known)
            {
                return known;
            }

            var key = SigningKey.Derive(credentials.SecretKey, scope.AsSpan(0, 8), region, service);
            Keys.Keep(name.Text, key);
            return key;
        }
        finally
        {
            name.Clear();
        }
    }

    private string Signature(string method, string rawPath, string rawQuery, List<KeyValuePair<string, string>> sorted, string names,
        string payloadHash, string time, string scope)
    {
        using var writer = new CanonicalWriter(stackalloc byte[1024]);
        writer.AppendLine(method);
        writer.AppendPath(rawPath);
        writer.Append((byte)'\n');
        writer.AppendQuery(rawQuery, withoutSignature: false);
        writer.Append((byte)'\n');
        for (var i = 0; i < sorted.Count; i++)
        {
            var repeated = i > 0 && sorted[i].Key == sorted[i - 1].Key;
            if (!repeated)
            {
                writer.AppendLatin1(sorted[i].Key);
            }

            writer.Append(repeated ? (byte)',' : (byte)':');
            writer.AppendHeaderValue(sorted[i].Value);
            if (i + 1 == sorted.Count || sorted[i + 1].Key != sorted[i].Key)
            {
                writer.Append((byte)'\n');
            }
        }

        writer.Append((byte)'\n');
        writer.AppendLine(names);
        writer.AppendLatin1(payloadHash);

        using var toSign = new CanonicalWriter(stackalloc byte[256]);
        toSign.AppendStringToSign(time, scope, writer.Written);
        Span<byte> signature = stackalloc byte[SHA256.HashSizeInBytes];
        KeyOf(scope).Sign(toSign.Written, signature);
        return Convert.ToHexStringLower(signature);
    }

    /// <summary>The headers that sign a request.</summary>
    public sealed class SignedRequest(string authorization, string time, string payloadHash, string? sessionToken, string signature)
    {
        /// <summary>The value of <c>Authorization</c>.</summary>
        public string Authorization { get; } = authorization;

        /// <summary>The value of <c>x-amz-date</c>.</summary>
        public string Time { get; } = time;

        /// <summary>The value of <c>x-amz-content-sha256</c>.</summary>
        public string PayloadHash { get; } = payloadHash;

        /// <summary>The value of <c>x-amz-security-token</c>; null if it is not sent.</summary>
        public string? SessionToken { get; } = sessionToken;

        /// <summary>The signature alone, in hex: the seed of the chunk signatures.</summary>
        public string Signature { get; } = signature;

        /// <summary>The headers to add to the request.</summary>
        public IEnumerable<KeyValuePair<string, string>> Headers
        {
            get
            {
                yield return new("Authorization", Authorization);
                yield return new("x-amz-date", Time);
                yield return new("x-amz-content-sha256", PayloadHash);
                if (SessionToken is not null)
                {
                    yield return new("x-amz-security-token", SessionToken);
                }
            }
        }
    }
}
