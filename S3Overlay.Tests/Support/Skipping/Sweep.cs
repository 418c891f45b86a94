namespace S3Overlay.Tests.Support.Skipping;

/// <summary>Cases that a test tries one after the other, such as every byte of a file or every step of a write.</summary>
internal static class Sweep
{
    /// <summary>Everything in the full run. In the quick run the first, the last, and some at equal distances between them.</summary>
    public static IReadOnlyList<T> Of<T>(IReadOnlyList<T> all, int quick) => FullRunAttribute.IsOn ? all : Sample(all, quick);

    /// <summary>The numbers from 0 to <paramref name="count"/> - 1, all or some.</summary>
    public static IReadOnlyList<int> Of(int count, int quick) => Of<int>([.. Enumerable.Range(0, count)], quick);

    /// <summary>Some of many: the first, the last, and the rest at equal distances between them.</summary>
    public static IReadOnlyList<T> Sample<T>(IReadOnlyList<T> all, int count) =>
        all.Count <= count ? all : [.. Enumerable.Range(0, count).Select(i => all[(int)((long)i * (all.Count - 1) / (count - 1))])];

    /// <summary>The step width of a sweep whose length is not known in advance. 1 in the full run.</summary>
    public static int Step(int quick) => FullRunAttribute.IsOn ? 1 : quick;
}
