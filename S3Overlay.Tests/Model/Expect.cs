using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Model;

/// <summary>Holds answers against what the model allows.</summary>
internal static class Expect
{
    /// <summary>Refuses a status that is none of these.</summary>
    public static void Status(RawAnswer answer, params IEnumerable<int> allowed)
    {
        if (!allowed.Contains(answer.Status))
        {
            throw new Mismatch($"{answer.Status} {answer.Code}, where {string.Join(" or ", allowed.Distinct().Order())} is right.");
        }
    }

    /// <summary>Refuses anything but that there is no such bucket; a store that takes nothing more may say that first.</summary>
    public static void NoBucket(RawAnswer answer, ModelScene scene) =>
        Status(answer, scene.IsFull && scene.Layer != ModelLayer.Embedded ? [404, 503, 507] : [404]);

    /// <summary>Refuses what is not so.</summary>
    public static void That(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new Mismatch(otherwise);
        }
    }

    /// <summary>Refuses what is not the same.</summary>
    public static void Same<T>(T expected, T actual, string what) =>
        That(EqualityComparer<T>.Default.Equals(expected, actual), $"{what} is {actual}, and should be {expected}.");
}
