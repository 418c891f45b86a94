namespace S3Overlay.Proxy.Protocol.Forms;

/// <summary>Replaces the two escapes of policies that JSON lacks: <c>\$</c> and <c>\v</c>.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html, "Character escaping".</remarks>
internal static class PolicyEscapes
{
    /// <summary>Returns the policy as plain JSON.</summary>
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

            // Take an escaped backslash as a pair, so that the next character is not mistaken for an escape.
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
