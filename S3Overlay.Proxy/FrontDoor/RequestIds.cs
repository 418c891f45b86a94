namespace S3Overlay.Proxy.FrontDoor;

/// <summary>Request ids: sixteen characters as in S3, unique in this process and very likely everywhere.</summary>
public static class RequestIds
{
    private const string Alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    private static long s_next = Random.Shared.NextInt64();

    /// <summary>The next id.</summary>
    public static string Next() =>
        string.Create(16, Interlocked.Add(ref s_next, unchecked((long)0x9E3779B97F4A7C15)), static (span, value) =>
        {
            // Thirteen digits hold the 64 bits. An odd step visits every value before one repeats.
            var bits = (ulong)value;
            for (var i = span.Length - 1; i >= 0; i--)
            {
                span[i] = Alphabet[(int)(bits & 31)];
                bits = (bits >> 5) | (bits << 59);
            }
        });
}
