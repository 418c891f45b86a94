namespace S3Overlay.Tests.Support;

/// <summary>A store whose calls can be stopped: a test decides what happens between any two of them.</summary>
public interface ISteppedCalls
{
    /// <summary>Runs before a call takes effect. May delay it. An exception cuts the connection.</summary>
    Func<StoreCall, Task>? Before { get; set; }

    /// <summary>Runs once a call has taken effect, before the response. May delay it. An exception cuts the connection.</summary>
    Func<StoreCall, Task>? After { get; set; }
}
