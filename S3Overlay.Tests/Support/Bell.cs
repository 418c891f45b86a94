namespace S3Overlay.Tests.Support;

/// <summary>Rung whenever something was noted, so that whoever waits for something looks again then, and not every so often.</summary>
internal sealed class Bell
{
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Says that something was noted.</summary>
    public void Ring() => Interlocked.Exchange(ref _next, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();

    /// <summary>Waits until a condition holds of what was noted.</summary>
    /// <param name="holds">The condition; nothing makes it hold without ringing.</param>
    /// <param name="otherwise">What is told where it never does.</param>
    public async Task UntilAsync(Func<bool> holds, Func<string> otherwise)
    {
        while (true)
        {
            // Before the look: what is noted after it rings this one.
            var next = Volatile.Read(ref _next).Task;
            if (holds())
            {
                return;
            }

            try
            {
                await next.WaitAsync(Patience.Limit);
            }
            catch (TimeoutException)
            {
                Assert.Fail(otherwise());
            }
        }
    }
}
