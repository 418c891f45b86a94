namespace S3Overlay.AppHost.Tests.Running;

/// <summary>A test that starts Aspire's orchestrator. It runs only where <c>S3OVERLAY_TEST_ORCHESTRATOR</c> is 1.</summary>
public sealed class OrchestratorFactAttribute : FactAttribute
{
    private const string Variable = "S3OVERLAY_TEST_ORCHESTRATOR";

    /// <summary>Skips the test unless it was asked for.</summary>
    public OrchestratorFactAttribute() => Skip = IsAskedFor ? null : $"Set {Variable}=1 to start the orchestrator.";

    /// <summary>Whether these tests run.</summary>
    public static bool IsAskedFor => Environment.GetEnvironmentVariable(Variable) == "1";
}
