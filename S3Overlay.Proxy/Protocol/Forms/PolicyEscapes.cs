namespace S3Overlay.Proxy.Protocol.Forms;

/// <summary>The two escapes that policies have and JSON has not: <c>\$</c> and <c>\v</c>.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html, "Character escaping".</remarks>
internal static class PolicyEscapes
{
    /// <summary>The policy as plain JSON.</summary>
    public static ReadOnlyMemory<byte> ToJson(byte[] policy)
    {
        if (policy.AsSpan().IndexOf("\\$"u8) < 0 && policy.AsSpan().IndexOf("\\v"u8) < 0)
        {
            return policy;
        }

        var json = new List<byte>(policy.Length + 16);
        for (var i = 0; i < policy.Length; i++)
        {
            if (policy[i] != '\\' || i + 1 == policy.Length)
            {
                json.Add(policy[i]);
                continue;
            }

            // An escaped backslash is taken as a pair, so that what follows it is not mistaken for an escape.
            i++;
            json.AddRange(policy[i] switch
            {
                (byte)'$' => [(byte)'$'],
                (byte)'v' => "\\u000b"u8,
                var other => [(byte)'\\', other],
            });
        }

        return json.ToArray();
    }
}
