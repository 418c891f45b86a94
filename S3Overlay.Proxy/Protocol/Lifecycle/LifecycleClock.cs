namespace S3Overlay.Proxy.Protocol.Lifecycle;

/// <summary>Counts the days of lifecycle rules.</summary>
/// <param name="Day">The length of a day. With another length than 24 hours, for tests, days do not end at midnight.</param>
public sealed record LifecycleClock(TimeSpan Day)
{
    /// <summary>Real days.</summary>
    public static readonly LifecycleClock Real = new(TimeSpan.FromDays(1));

    /// <summary>Whether days are real ones.</summary>
    public bool IsReal => Day == Real.Day;

    /// <summary>A number of days later, in real days moved to the next midnight UTC, as in S3.</summary>
    /// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html</remarks>
    public DateTimeOffset After(DateTimeOffset from, int days)
    {
        from = from.ToUniversalTime();
        if (days >= (DateTimeOffset.MaxValue - from) / Day - 2)
        {
            return DateTimeOffset.MaxValue;
        }

        var end = from + days * Day;
        return !IsReal || end.TimeOfDay == TimeSpan.Zero ? end : new(end.Date.AddDays(1), TimeSpan.Zero);
    }
}
