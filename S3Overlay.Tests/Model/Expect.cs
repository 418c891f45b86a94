using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Model;

/// <summary>Checks responses against the model.</summary>
internal static class Expect
{
    /// <summary>Rejects any other status.</summary>
    public static void Status(RawResponse response, params IEnumerable<int> allowed)
    {
        if (!allowed.Contains(response.Status))
        {
            throw new Mismatch($"{response.Status} {response.Code}, where {string.Join(" or ", allowed.Distinct().Order())} is right.");
        }
    }

    /// <summary>Accepts only NoSuchBucket. A full store may report first that it is full.</summary>
    public static void NoBucket(RawResponse response, ModelScene scene) =>
        Status(response, scene.IsFull && scene.Layer != ModelLayer.Embedded ? [404, 503, 507] : [404]);

    public static void That(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new Mismatch(otherwise);
        }
    }

    public static void Same<T>(T expected, T actual, string what) =>
        That(EqualityComparer<T>.Default.Equals(expected, actual), $"{what} is {actual}, and should be {expected}.");
}
