namespace S3Overlay.Tests.Model;

/// <summary>Conditions, and the responses that they lead to.</summary>
internal static class Conditions
{
    private const string Unknown = "\"0123456789abcdef0123456789abcdef\"";

    /// <summary>The header of a condition, for a key that may be any of these.</summary>
    public static (string Name, string Value)[] Header(ModelCondition condition, IReadOnlyList<ObjectVersion?> shown) => condition switch
    {
        ModelCondition.None => [],
        ModelCondition.Absent => [("If-None-Match", "*")],
        ModelCondition.Shown => [("If-Match", ETag(shown))],
        ModelCondition.Other => [("If-Match", Unknown)],
        _ => [("If-None-Match", ETag(shown))],
    };

    /// <summary>The status of a conditional write or delete of a key with this version.</summary>
    public static int Write(ModelCondition condition, ObjectVersion? current, IReadOnlyList<ObjectVersion?> shown, int otherwise) =>
        condition switch
    {
        ModelCondition.None => otherwise,
        ModelCondition.Absent => current is null ? otherwise : 412,
        _ when current is null => 404,
        ModelCondition.Shown => current.ETag == ETag(shown) ? otherwise : 412,
        _ => 412,
    };

    /// <summary>The status of a conditional read of this version.</summary>
    public static int Read(ModelCondition condition, ObjectVersion current, IReadOnlyList<ObjectVersion?> shown, int otherwise) =>
        condition switch
    {
        ModelCondition.Shown when current.ETag != ETag(shown) => 412,
        ModelCondition.Other => 412,
        ModelCondition.NotShown when current.ETag == ETag(shown) => 304,
        ModelCondition.Absent => 304,
        _ => otherwise,
    };

    /// <summary>The header of a condition on the source of a copy, which may be any of these.</summary>
    public static (string Name, string Value)[] OfSource(ModelCondition condition, IReadOnlyList<ObjectVersion?> shown) =>
        [.. Header(condition, shown).Select(header => ("x-amz-copy-source-" + header.Name.ToLowerInvariant(), header.Value))];

    /// <summary>The status of a conditional copy of this version.</summary>
    public static int Source(ModelCondition condition, ObjectVersion? current, IReadOnlyList<ObjectVersion?> shown, int otherwise) =>
        current is null ? 404
        : Read(condition, current, shown, otherwise) is var status && status == 304 ? 412
        : status;

    private static string ETag(IReadOnlyList<ObjectVersion?> shown) => shown.FirstOrDefault(version => version is not null)?.ETag
        ?? Unknown;
}
